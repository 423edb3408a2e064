package sluice.job.output;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.cell.LstmState;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Steps;
import sluice.cell.model.LstmModel;
import sluice.job.input.RowDefect;
import sluice.job.message.RefusedException;
import sluice.job.model.Vocabulary;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.VectorForm;

/** The columns that are added to the input's own: their types, and their values for an answer. Sent to the executors. */
public final class OutputColumns implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final DataType TOP_CLASS = struct(
            required("token", DataTypes.IntegerType),
            DataTypes.createStructField("label", DataTypes.StringType, true),
            required("probability", DataTypes.FloatType));
    private static final DataType TOP_CLASSES = DataTypes.createArrayType(TOP_CLASS, false);

    private final ScoreRequest request;
    private final VectorForm vectors;
    private final String prefix;
    private final Vocabulary labels; // or null
    private final ReasonColumn reason; // or null where bad rows are no rows of the output

    public OutputColumns(
            ScoreRequest request, VectorForm vectors, String prefix, Optional<Vocabulary> labels, BadRowRule badRows) {
        this.request = request;
        this.vectors = vectors;
        this.prefix = prefix;
        this.labels = labels.orElse(null);
        this.reason = badRows == BadRowRule.NULL ? new ReasonColumn(prefix) : null;
    }

    /** All that can be told of a sequence's end, as lists, and why nothing can: the same for every model. */
    public static StructType ofAnyModel() {
        List<OutputKind> all = Arrays.stream(OutputKind.values())
                .filter(emission -> emission.toldAt(Steps.LAST))
                .toList();
        OutputColumns columns = new OutputColumns(
                new ScoreRequest(Steps.LAST, all, 1), VectorForm.ARRAY, "", Optional.empty(), BadRowRule.NULL);
        StructType schema = new StructType();
        for (OutputKind emission : all) {
            schema = schema.add(
                    name(emission), columns.type(emission, null), true); // at the end no type hangs on a shape
        }
        return columns.reason.appendTo(schema);
    }

    private static String name(OutputKind emission) {
        return emission.name().toLowerCase(Locale.ROOT);
    }

    private static DataType struct(StructField... fields) {
        return DataTypes.createStructType(fields);
    }

    private static StructField required(String name, DataType type) {
        return DataTypes.createStructField(name, type, false);
    }

    /**
     * The scored table's schema: the input's columns, then the asked ones.
     *
     * @param model whose widths the metadata of binary columns tells
     * @throws RefusedException where two would have the same name
     */
    public StructType appendTo(StructType input, LstmModel model) {
        VectorShapes shapes = new VectorShapes(request, model);
        List<StructField> fields = new ArrayList<>(Arrays.asList(input.fields()));
        for (OutputKind emission : request.emissions()) {
            String name = prefix + name(emission);
            boolean taken = Arrays.stream(input.fieldNames()).anyMatch(name::equalsIgnoreCase);
            if (taken) {
                throw new RefusedException(
                        "output.emit: the input has a column '%s' already; set output.prefix to name the new one otherwise"
                                .formatted(name));
            }
            fields.add(DataTypes.createStructField(name, type(emission, shapes), true, metadata(emission, shapes)));
        }
        StructType schema = DataTypes.createStructType(fields);
        return reason == null ? schema : reason.appendTo(schema);
    }

    /** What a binary column holds; nothing of others, and of structs, whose fields have their own. */
    private Metadata metadata(OutputKind emission, VectorShapes shapes) {
        return switch (emission) {
            case SOFTMAX, HIDDEN, CELL, LOGPROB -> vectors.metadata(shapes.of(emission));
            case PREDICTION, TOPK, LOGLIK, RANK, STATE, GATES -> Metadata.empty();
        };
    }

    private DataType type(OutputKind emission, VectorShapes shapes) {
        boolean each = request.at() == Steps.EACH;
        return switch (emission) {
            case SOFTMAX, HIDDEN, CELL -> each ? vectors.rowsType() : vectors.rowType();
            case PREDICTION -> each ? DataTypes.createArrayType(DataTypes.IntegerType, false) : DataTypes.IntegerType;
            case TOPK -> each ? DataTypes.createArrayType(TOP_CLASSES, false) : TOP_CLASSES;
            case LOGLIK ->
                struct(
                        required("sum", DataTypes.DoubleType),
                        DataTypes.createStructField("perplexity", DataTypes.DoubleType, true),
                        required("tokens", DataTypes.IntegerType));
            case LOGPROB -> vectors.rowType();
            case RANK -> DataTypes.createArrayType(DataTypes.IntegerType, false);
            case STATE ->
                struct(required("h", VectorForm.ARRAY.rowsType()), required("c", VectorForm.ARRAY.rowsType()));
            case GATES -> GateValues.type(vectors, shapes.of(emission));
        };
    }

    /** How many they are. */
    public int count() {
        return request.emissions().size() + (reason == null ? 0 : 1);
    }

    /**
     * A row that has no answer: nulls, and the reason.
     *
     * @param values of the row, and as many places behind them as there are columns here; they become the row's
     */
    public Row complete(Object[] values, RowDefect defect) {
        values[values.length - 1] = ReasonColumn.value(defect);
        return RowFactory.create(values);
    }

    /**
     * A row with its answer.
     *
     * @param values of the row, and as many places behind them as there are columns here; they become the row's
     */
    public Row complete(Object[] values, ScoredSequence answer) {
        int at = values.length - count();
        for (OutputKind emission : request.emissions()) {
            values[at++] = value(emission, answer);
        }
        return RowFactory.create(values);
    }

    private Object value(OutputKind emission, ScoredSequence answer) {
        boolean each = request.at() == Steps.EACH;
        return switch (emission) {
            case SOFTMAX -> vectors(answer.softmax(), each);
            case HIDDEN -> vectors(answer.hidden(), each);
            case CELL -> vectors(answer.cell(), each);
            case PREDICTION -> each ? (Object) answer.prediction() : (Object) answer.prediction()[0];
            case TOPK -> each ? topClasses(answer) : topClasses(answer, 0);
            case LOGLIK -> logLikelihood(answer);
            case LOGPROB -> vectors.row(answer.logProbabilities());
            case RANK -> answer.ranks();
            case STATE -> state(answer.state());
            case GATES -> GateValues.of(answer.gates(), vectors);
        };
    }

    private Object vectors(float[][] steps, boolean each) {
        return each ? vectors.rows(steps) : vectors.row(steps[0]);
    }

    private Row[][] topClasses(ScoredSequence answer) {
        Row[][] steps = new Row[answer.topTokens().length][];
        Arrays.setAll(steps, step -> topClasses(answer, step));
        return steps;
    }

    private Row[] topClasses(ScoredSequence answer, int step) {
        int[] tokens = answer.topTokens()[step];
        Row[] classes = new Row[tokens.length];
        Arrays.setAll(
                classes,
                place ->
                        RowFactory.create(tokens[place], label(tokens[place]), answer.topProbabilities()[step][place]));
        return classes;
    }

    private String label(int token) {
        return labels == null ? null : labels.word(token);
    }

    private static Row logLikelihood(ScoredSequence answer) {
        Double perplexity = answer.predictedTokens() == 0 ? null : answer.perplexity();
        return RowFactory.create(answer.logLikelihood(), perplexity, answer.predictedTokens());
    }

    private static Row state(LstmState state) {
        return RowFactory.create(state.hidden(), state.cell());
    }
}
