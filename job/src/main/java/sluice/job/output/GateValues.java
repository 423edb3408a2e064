package sluice.job.output;

import java.util.Arrays;
import java.util.function.Function;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import sluice.cell.StepGates;
import sluice.job.settings.VectorForm;

/**
 * The column of gates: lists stand in a struct for each step, as one looks at them; binary values in one struct for all steps, so that
 * each is a matrix like any other.
 */
final class GateValues {
    /** A field of the struct. */
    private record Part(String name, Function<StepGates, float[]> of) {}

    private static final Part[] PARTS = {
        new Part("input", StepGates::input),
        new Part("forget", StepGates::forget),
        new Part("candidate", StepGates::candidate),
        new Part("output", StepGates::output),
        new Part("cell", StepGates::cell)
    };

    private GateValues() {}

    /** @param shape of one gate's values over all steps */
    static DataType type(VectorForm form, String shape) {
        boolean lists = form == VectorForm.ARRAY;
        DataType values = lists ? form.rowType() : form.rowsType();
        StructField[] fields = new StructField[PARTS.length];
        Arrays.setAll(fields, at -> DataTypes.createStructField(PARTS[at].name(), values, false, form.metadata(shape)));
        DataType step = DataTypes.createStructType(fields);
        return lists ? DataTypes.createArrayType(step, false) : step;
    }

    static Object of(StepGates[] steps, VectorForm form) {
        return form == VectorForm.ARRAY
                ? Arrays.stream(steps)
                        .map(step -> row(part -> part.of().apply(step)))
                        .toArray(Row[]::new)
                : row(part -> form.rows(Arrays.stream(steps).map(part.of()).toArray(float[][]::new)));
    }

    private static Row row(Function<Part, Object> value) {
        return RowFactory.create(Arrays.stream(PARTS).map(value).toArray());
    }
}
