package sluice.job.sql;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** A function by its name: which types it is called with is told by {@link #bind}. Spark tells types alone, and no values. */
final class ModelFunction implements UnboundFunction {
    private final String catalog;
    private final Optional<String> model;
    private final ScoringFunction answer;

    /** @param model whose function it is; none: the first argument names it */
    ModelFunction(String catalog, Optional<String> model, ScoringFunction answer) {
        this.catalog = catalog;
        this.model = model;
        this.answer = answer;
    }

    @Override
    public String name() {
        return model.map(of -> "%s.`%s`.".formatted(catalog, of)).orElse(catalog + ".") + SluiceCatalog.nameOf(answer);
    }

    @Override
    public String description() {
        return "%s: %s"
                .formatted(
                        signature(),
                        switch (answer) {
                            case SCORE -> "what the model's settings ask for, by default softmax and prediction";
                            case TOPK -> "the k most probable classes, best first";
                            case LOGLIK -> "the natural log of the sequence's probability, and its perplexity";
                        });
    }

    private String signature() {
        String first = model.isPresent() ? "" : "model string, ";
        return "%s(%stokens%s)".formatted(name(), first, answer == ScoringFunction.TOPK ? ", k int" : "");
    }

    /** @throws UnsupportedOperationException which Spark makes a failed analysis of */
    @Override
    public BoundFunction bind(StructType arguments) {
        int before = model.isPresent() ? 0 : 1;
        int behind = answer == ScoringFunction.TOPK ? 1 : 0;
        DataType[] types =
                Arrays.stream(arguments.fields()).map(StructField::dataType).toArray(DataType[]::new);
        boolean fits = types.length == before + 1 + behind
                && (before == 0 || types[0] instanceof StringType)
                && (behind == 0 || isInt(types[types.length - 1]));
        if (!fits) {
            throw new UnsupportedOperationException("expected %s, found (%s)"
                    .formatted(
                            signature(),
                            Arrays.stream(types).map(DataType::catalogString).collect(Collectors.joining(", "))));
        }
        types[before] = known(types[before]);
        SessionModels models = models();
        return new BoundModelFunction(
                models.function(name(), model, answer, types[before]), model.orElse(null), types, behind == 1);
    }

    /** What Spark would throw as it stands, it explains where it is told that this function can't be had. */
    private SessionModels models() {
        try {
            return SluiceCatalog.models(catalog);
        } catch (RuntimeException e) {
            throw new UnsupportedOperationException(e.getMessage(), e);
        }
    }

    private static boolean isInt(DataType type) {
        return type.equals(DataTypes.IntegerType)
                || type.equals(DataTypes.ShortType)
                || type.equals(DataTypes.ByteType);
    }

    /** {@code NULL} and {@code array()} have no type of their own. */
    private static DataType known(DataType type) {
        boolean isNull = type instanceof NullType;
        boolean isEmpty = type instanceof ArrayType array && array.elementType() instanceof NullType;
        return isNull || isEmpty ? DataTypes.createArrayType(DataTypes.IntegerType) : type;
    }
}
