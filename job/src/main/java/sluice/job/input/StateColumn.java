package sluice.job.input;

import java.util.Arrays;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.cell.LstmState;
import sluice.cell.model.LstmModel;
import sluice.job.message.RefusedException;

/**
 * The column of the states that rows go on from, as {@code output.emit = state} has written it. Immutable, sent to the executors.
 *
 * <p>Whether a state has the model's shapes and moderate values is for the model's own rules; here it only has to be one.
 */
final class StateColumn implements InitialState {
    private static final long serialVersionUID = 1L;
    private static final String HIDDEN = "h";
    private static final String CELL = "c";

    private final String name;
    private final int column;
    private final int hidden; // of the struct's fields
    private final int cell;

    private StateColumn(String name, int column, int hidden, int cell) {
        this.name = name;
        this.column = column;
        this.hidden = hidden;
        this.cell = cell;
    }

    /** @throws RefusedException where there is no such column, it holds no states, or the model can't go on from any */
    static StateColumn settle(StructType schema, String name, LstmModel model) {
        StructField field = ColumnPath.field(schema, name, "input.state", "set input.state to one, or leave it empty");
        int hidden = place(field, HIDDEN);
        int cell = place(field, CELL);
        if (hidden < 0 || cell < 0) {
            throw new RefusedException(
                    "input.state: column '%s' has type %s, expected struct<h,c> of array<array<float|double>>, as output.emit = state writes it"
                            .formatted(name, field.dataType().catalogString()));
        }
        if (model.looksAhead()) {
            throw new RefusedException(
                    "input.state: the model also reads backward, from a sequence's end, so it can't go on where an earlier part has stopped: "
                            + "score whole sequences and leave input.state empty");
        }
        return new StateColumn(name, schema.fieldIndex(name), hidden, cell);
    }

    /** Where the struct has rows of numbers of this name, or -1. */
    private static int place(StructField field, String name) {
        if (!(field.dataType() instanceof StructType struct)) {
            return -1;
        }
        int place = Arrays.asList(struct.fieldNames()).indexOf(name);
        return place >= 0 && holdsRows(struct.fields()[place].dataType()) ? place : -1;
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

    /** Doubles, which JSON is read as, are rounded: what was a float before it was written is the same one again. */
    private static float[][] rows(Row state, int place, String part) throws UnreadableRow {
        scala.collection.Seq<scala.collection.Seq<? extends Number>> list = state.getAs(place);
        if (list == null) {
            throw wrong("the state's %s is null, expected a row of numbers for each layer".formatted(part));
        }
        float[][] rows = new float[list.length()][];
        int layer = 0;
        for (scala.collection.Iterator<scala.collection.Seq<? extends Number>> at = list.iterator(); at.hasNext(); ) {
            scala.collection.Seq<? extends Number> values = at.next();
            if (values == null) {
                throw wrong("row %d of the state's %s is null, expected numbers".formatted(layer, part));
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
                throw wrong("number %d in row %d of the state's %s is null".formatted(unit, layer, part));
            }
            row[unit++] = value.floatValue();
        }
        return row;
    }

    private static UnreadableRow wrong(String text) {
        return new UnreadableRow(RowDefect.WRONG_STATE, text);
    }
}
