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
 * <p>Every number has two levels, as in Dremel (Melnik et al. 2010, section 4.1). The repetition level is the depth of the list that the
 * number continues: 0 starts a row, 1 continues the outer list, 2 an inner list. The definition level counts how much of the path is
 * present: one for a nullable list, one for an element, one for a nullable element.
 */
final class NumberColumn {
    private final int ordinal; // of the row
    private final ColumnDescriptor descriptor;
    private final Numbers numbers;
    private final int[] empty; // by depth: the definition level of an empty list
    private final boolean[] nullable; // by depth: whether elements may be null

    private NumberColumn(int ordinal, ColumnDescriptor descriptor, Numbers numbers, int[] empty, boolean[] nullable) {
        this.ordinal = ordinal;
        this.descriptor = descriptor;
        this.numbers = numbers;
        this.empty = empty;
        this.nullable = nullable;
    }

    /** The column of a field; empty if the field is not such a list. */
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
            GroupType repeated = list.getType(0).asGroupType(); // three levels, as in Parquet's LogicalTypes.md
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

    /** Writes the value of a row. */
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
