package sluice.job.column;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.cell.AnswerWidths;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Steps;
import sluice.cell.model.LstmModel;
import sluice.job.message.RefusedException;
import sluice.job.model.Vocabulary;
import sluice.job.row.RowDefect;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.VectorForm;

/**
 * The columns that a run adds to those of the input: one for each output kind, and the {@link ReasonColumn} if bad rows stay in the
 * output. Sent to the executors.
 */
public final class OutputColumns implements Serializable {
    private static final long serialVersionUID = 1L;

    private final ScoreRequest request;
    private final VectorForm vectors;
    private final String prefix;
    private final Vocabulary labels; // or null
    private final ReasonColumn reason; // null if bad rows are not in the output
    private transient List<OutputColumn> columns; // looked up once in a process; null until then

    public OutputColumns(
            ScoreRequest request, VectorForm vectors, String prefix, Optional<Vocabulary> labels, BadRowRule badRows) {
        this.request = request;
        this.vectors = vectors;
        this.prefix = prefix;
        this.labels = labels.orElse(null);
        this.reason = badRows == BadRowRule.NULL ? new ReasonColumn(prefix) : null;
    }

    /** All kinds that are available at the last step, as lists, and the reason why a row is bad: the same types for every model. */
    public static StructType ofAnyModel() {
        List<OutputKind> kinds = Arrays.stream(OutputKind.values())
                .filter(kind -> kind.availableAt(Steps.LAST))
                .toList();
        OutputColumns all = new OutputColumns(
                new ScoreRequest(Steps.LAST, kinds, 1), VectorForm.ARRAY, "", Optional.empty(), BadRowRule.NULL);
        StructType schema = new StructType();
        for (OutputColumn column : all.columns()) {
            schema = schema.add(name(column.spec.kind()), column.type(), true);
        }
        return all.reason.appendTo(schema);
    }

    /** Threads may race here: they make equal lists, and an immutable list is safe to share. */
    private List<OutputColumn> columns() {
        List<OutputColumn> known = columns;
        if (known == null) {
            known = ColumnRegistry.of(request, vectors, labels);
            columns = known;
        }
        return known;
    }

    private static String name(OutputKind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /**
     * The scored table's schema: the input's columns, then the added ones.
     *
     * @param model whose widths the metadata of binary columns states
     * @throws RefusedException if an added column has the name of an input column
     */
    public StructType appendTo(StructType input, LstmModel model) {
        AnswerWidths widths = new AnswerWidths(model);
        List<StructField> fields = new ArrayList<>(Arrays.asList(input.fields()));
        for (OutputColumn column : columns()) {
            String name = prefix + name(column.spec.kind());
            boolean taken = Arrays.stream(input.fieldNames()).anyMatch(name::equalsIgnoreCase);
            if (taken) {
                throw new RefusedException(
                        "output.emit: the input has a column '%s' already; set output.prefix to rename the new one"
                                .formatted(name));
            }
            fields.add(column.field(name, widths));
        }
        StructType schema = DataTypes.createStructType(fields);
        return reason == null ? schema : reason.appendTo(schema);
    }

    /** Number of added columns. */
    public int count() {
        return columns().size() + (reason == null ? 0 : 1);
    }

    /**
     * A row without an answer: nulls, and the reason.
     *
     * @param values of the input's columns, then {@link #count()} nulls; the row keeps the array
     */
    public Row complete(Object[] values, RowDefect defect) {
        values[values.length - 1] = ReasonColumn.value(defect);
        return RowFactory.create(values);
    }

    /**
     * A row with its answer.
     *
     * @param values of the input's columns, then {@link #count()} nulls; the row keeps the array
     */
    public Row complete(Object[] values, ScoredSequence answer) {
        int at = values.length - count();
        for (OutputColumn column : columns()) {
            values[at++] = column.value(answer);
        }
        return RowFactory.create(values);
    }
}
