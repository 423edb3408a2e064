package sluice.job.input;

import java.util.Arrays;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.cell.LstmState;
import sluice.cell.model.LstmModel;
import sluice.job.message.RefusedException;
import sluice.job.row.RowDefect;
import sluice.job.row.UnreadableRow;
import sluice.job.source.ColumnNames;
import sluice.job.source.ColumnPath;

/**
 * The column {@code input.state}: states as {@code output.emit = state} writes them. Immutable, broadcast.
 *
 * <p>This class checks only that a value is a state. {@link sluice.cell.SequenceRules} checks its shape and magnitude.
 */
final class StateColumn implements InitialState {
    private static final long serialVersionUID = 1L;
    private static final String HIDDEN = "h";
    private static final String CELL = "c";

    private final String name;
    private final int column;
    private final int hidden; // index of the struct's field h
    private final int cell; // index of the struct's field c

    private StateColumn(String name, int column, int hidden, int cell) {
        this.name = name;
        this.column = column;
        this.hidden = hidden;
        this.cell = cell;
    }

    /** @throws RefusedException if there is no such column, it holds no states, or the model cannot continue from a state */
    static StateColumn resolve(StructType schema, String name, ColumnNames names, LstmModel model) {
        StructField field = ColumnPath.field(
                schema, name, names, "input.state", "set input.state to one of these, or leave it empty");
        int hidden = index(field, HIDDEN);
        int cell = index(field, CELL);
        if (hidden < 0 || cell < 0) {
            throw new RefusedException(
                    "input.state: column '%s' has type %s, expected struct<h,c> of array<array<float|double>>, as output.emit = state writes it"
                            .formatted(name, field.dataType().catalogString()));
        }
        if (model.looksAhead()) {
            throw new RefusedException(
                    "input.state: the model also reads backward, from a sequence's end, so it cannot continue from the state of an earlier part: "
                            + "score whole sequences and leave input.state empty");
        }
        return new StateColumn(field.name(), schema.fieldIndex(field.name()), hidden, cell);
    }

    /** Index of the struct's field of this name; -1 if the column is no struct or the field holds no rows of numbers. */
    private static int index(StructField field, String name) {
        if (!(field.dataType() instanceof StructType struct)) {
            return -1;
        }
        int index = Arrays.asList(struct.fieldNames()).indexOf(name);
        return index >= 0 && holdsRows(struct.fields()[index].dataType()) ? index : -1;
    }

    private static boolean holdsRows(DataType type) {
        return type instanceof ArrayType rows
                && rows.elementType() instanceof ArrayType row
                && (row.elementType().equals(DataTypes.FloatType)
                        || row.elementType().equals(DataTypes.DoubleType));
    }

    @Override
    public String place() {
        return "column '%s'".formatted(name);
    }

    @Override
    public LstmState read(Row row) throws UnreadableRow {
        if (row.isNullAt(column)) {
            return null;
        }
        Row state = row.getStruct(column);
        return new LstmState(rows(state, hidden, HIDDEN), rows(state, cell, CELL));
    }

    /** Spark reads JSON numbers as doubles. Rounding one to a float restores the float that was written. */
    private static float[][] rows(Row state, int index, String part) throws UnreadableRow {
        scala.collection.Seq<scala.collection.Seq<? extends Number>> list = state.getAs(index);
        if (list == null) {
            throw wrong("the state's %s is null, expected a row of numbers for each layer".formatted(part));
        }
        float[][] rows = new float[list.length()][];
        int layer = 0;
        for (scala.collection.Iterator<scala.collection.Seq<? extends Number>> at = list.iterator(); at.hasNext(); ) {
            scala.collection.Seq<? extends Number> values = at.next();
            if (values == null) {
                throw wrong(
                        String.format(Locale.ROOT, "row %d of the state's %s is null, expected numbers", layer, part));
            }
            rows[layer] = row(values, layer, part);
            layer++;
        }
        return rows;
    }

    private static float[] row(scala.collection.Seq<? extends Number> values, int layer, String part)
            throws UnreadableRow {
        float[] row = new float[values.length()];
        int unit = 0;
        for (scala.collection.Iterator<? extends Number> at = values.iterator(); at.hasNext(); ) {
            Number value = at.next();
            if (value == null) {
                throw wrong(
                        String.format(Locale.ROOT, "number %d in row %d of the state's %s is null", unit, layer, part));
            }
            row[unit++] = value.floatValue();
        }
        return row;
    }

    private static UnreadableRow wrong(String text) {
        return new UnreadableRow(RowDefect.WRONG_STATE, text);
    }
}
