package sluice.job.parquet;

import java.util.Optional;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;

/**
 * A column of lists of numbers, or of lists of such lists.
 *
 * <p>Every number is written with two levels, as Dremel has it (Melnik et al. 2010, section 4.1). The repetition level says which list it
 * goes on with: 0 begins a row, 1 goes on with its list, 2 with a list in that one. The definition level says how much of its path is
 * there: one for a list that may be null, one for an element of it, one for an element that may be null.
 */
final class NumberColumn {
    private final int ordinal; // of the row
    private final ColumnDescriptor descriptor;
    private final Numbers numbers;
    private final int[] empty; // the definition level, at each depth, of a list without elements
    private final boolean[] nullable; // and whether its elements may be null

    private NumberColumn(int ordinal, ColumnDescriptor descriptor, Numbers numbers, int[] empty, boolean[] nullable) {
        this.ordinal = ordinal;
        this.descriptor = descriptor;
        this.numbers = numbers;
        this.empty = empty;
        this.nullable = nullable;
    }

    /** The column of a field, where it is of such lists. */
    static Optional<NumberColumn> of(int ordinal, StructField field, MessageType file) {
        int depth = 0;
        DataType element = field.dataType();
        while (element instanceof ArrayType list) {
            element = list.elementType();
            depth++;
        }
        Numbers numbers = Numbers.of(element);
        if (depth == 0 || numbers == null) {
            return Optional.empty();
        }
        int[] empty = new int[depth];
        boolean[] nullable = new boolean[depth];
        Type type = file.getType(field.name());
        int definition = level(type);
        String[] path = new String[1 + 2 * depth];
        path[0] = type.getName();
        for (int at = 0; at < depth; at++) {
            GroupType list = type.asGroupType();
            GroupType repeated = list.getType(0).asGroupType(); // three levels, as LogicalTypes.md has lists
            type = repeated.getType(0);
            path[1 + 2 * at] = repeated.getName();
            path[2 + 2 * at] = type.getName();
            empty[at] = definition;
            nullable[at] = level(type) > 0;
            definition += 1 + level(type);
        }
        return Optional.of(new NumberColumn(ordinal, file.getColumnDescription(path), numbers, empty, nullable));
    }

    private static int level(Type type) {
        return type.isRepetition(Repetition.OPTIONAL) ? 1 : 0;
    }

    ColumnDescriptor descriptor() {
        return descriptor;
    }

    /** Writes a row's value. */
    void write(InternalRow row, ColumnWriter column) {
        if (row.isNullAt(ordinal)) {
            column.writeNull(0, 0);
        } else {
            write(row.getArray(ordinal), 0, 0, column);
        }
    }

    /** @param repetition of the first element */
    private void write(ArrayData list, int depth, int repetition, ColumnWriter column) {
        int count = list.numElements();
        boolean ofNumbers = depth + 1 == empty.length;
        if (count == 0) {
            column.writeNull(repetition, empty[depth]);
        } else if (ofNumbers && !nullable[depth]) {
            int definition = descriptor.getMaxDefinitionLevel();
            numbers.write(list, 0, 1, repetition, definition, column);
            numbers.write(list, 1, count, depth + 1, definition, column);
        } else {
            for (int at = 0; at < count; at++) {
                writeElement(list, at, depth, at == 0 ? repetition : depth + 1, ofNumbers, column);
            }
        }
    }

    private void writeElement(
            ArrayData list, int at, int depth, int repetition, boolean isNumber, ColumnWriter column) {
        if (nullable[depth] && list.isNullAt(at)) {
            column.writeNull(repetition, empty[depth] + 1);
        } else if (isNumber) {
            numbers.write(list, at, at + 1, repetition, descriptor.getMaxDefinitionLevel(), column);
        } else {
            write(list.getArray(at), depth + 1, repetition, column);
        }
    }
}
