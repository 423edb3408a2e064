package sluice.job.sql;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** An unbound function. Spark calls {@link #bind} with the types of the arguments, without their values. */
final class ModelFunction implements UnboundFunction {
    private final String catalog;
    private final Optional<String> model;
    private final ScoringFunction function;

    /** @param model empty: the first argument names it */
    ModelFunction(String catalog, Optional<String> model, ScoringFunction function) {
        this.catalog = catalog;
        this.model = model;
        this.function = function;
    }

    @Override
    public String name() {
        return model.map(of -> "%s.`%s`.".formatted(catalog, of)).orElse(catalog + ".") + function.sqlName();
    }

    @Override
    public String description() {
        return "%s: %s"
                .formatted(
                        signature(),
                        switch (function) {
                            case SCORE ->
                                "the columns that the model's settings ask for, by default softmax and prediction";
                            case TOPK -> "the k most probable classes, best first";
                            case LOGITS -> "the output layer's own numbers, such as those of a regression";
                            case SIGMOID -> "the sigmoid of each of the output layer's numbers";
                            case LOGLIK -> "the natural log of the sequence's probability, and its perplexity";
                        });
    }

    private String signature() {
        String first = model.isPresent() ? "" : "model string, ";
        return "%s(%stokens%s%s)"
                .formatted(
                        name(),
                        first,
                        function == ScoringFunction.TOPK ? ", k int" : "",
                        function.takesCandidates() ? "[, candidates]" : "");
    }

    /** @throws UnsupportedOperationException if the types don't fit; Spark reports it as an analysis error */
    @Override
    public BoundFunction bind(StructType arguments) {
        DataType[] types =
                Arrays.stream(arguments.fields()).map(StructField::dataType).toArray(DataType[]::new);
        ArgumentPlaces places = ArgumentPlaces.of(types, model.isEmpty(), function)
                .orElseThrow(() -> new UnsupportedOperationException("expected %s, found (%s)"
                        .formatted(
                                signature(),
                                Arrays.stream(types)
                                        .map(DataType::catalogString)
                                        .collect(Collectors.joining(", ")))));
        types[places.tokens()] = ArgumentPlaces.typeOrDefault(types[places.tokens()]);
        if (places.hasCandidates()) {
            types[places.candidates()] = ArgumentPlaces.typeOrDefault(types[places.candidates()]);
        }
        FunctionBinder binder = new FunctionBinder(session());
        return new BoundModelFunction(
                binder.bind(name(), model, function, types, places), model.orElse(null), types, places);
    }

    /** Spark reports only {@link UnsupportedOperationException} as an analysis error. */
    private CatalogSession session() {
        try {
            return CatalogSession.active(catalog);
        } catch (RuntimeException e) {
            throw new UnsupportedOperationException(e.getMessage(), e);
        }
    }
}
