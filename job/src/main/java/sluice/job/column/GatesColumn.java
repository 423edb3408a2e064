package sluice.job.column;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import sluice.cell.AnswerWidths;
import sluice.cell.ScoredSequence;
import sluice.cell.StepGates;
import sluice.job.settings.VectorForm;

/**
 * The gates of one layer. As lists: an array with one struct of lists for each step. As binary: one struct of {@code (steps, H)} matrices,
 * because a matrix for all steps is what a reader of binary values expects.
 */
final class GatesColumn extends OutputColumn {
    /** A field of the struct. */
    private record Part(String name, Function<StepGates, float[]> of) {}

    private static final List<Part> PARTS = List.of(
            new Part("input", StepGates::input),
            new Part("forget", StepGates::forget),
            new Part("candidate", StepGates::candidate),
            new Part("output", StepGates::output),
            new Part("cell", StepGates::cell));

    GatesColumn(Spec spec) {
        super(spec);
    }

    private boolean isLists() {
        return spec.vectors() == VectorForm.ARRAY;
    }

    @Override
    DataType type() {
        return type(Metadata.empty());
    }

    /** Spark keeps the metadata of a struct's fields in the type. */
    private DataType type(Metadata metadata) {
        DataType values = isLists() ? spec.vectors().rowType() : spec.vectors().rowsType();
        List<StructField> fields = PARTS.stream()
                .map(part -> DataTypes.createStructField(part.name(), values, false, metadata))
                .toList();
        DataType step = DataTypes.createStructType(fields);
        return isLists() ? DataTypes.createArrayType(step, false) : step;
    }

    @Override
    StructField field(String name, AnswerWidths widths) {
        String shape = String.format(Locale.ROOT, "(steps, %d)", spec.numbers(widths) / PARTS.size());
        return DataTypes.createStructField(name, type(spec.vectors().metadata(shape)), true);
    }

    @Override
    Object value(ScoredSequence answer) {
        StepGates[] steps = answer.gates();
        return isLists()
                ? Arrays.stream(steps)
                        .map(step -> row(part -> part.of().apply(step)))
                        .toArray(Row[]::new)
                : row(part ->
                        spec.vectors().rows(Arrays.stream(steps).map(part.of()).toArray(float[][]::new)));
    }

    private static Row row(Function<Part, Object> value) {
        return RowFactory.create(PARTS.stream().map(value).toArray());
    }
}
