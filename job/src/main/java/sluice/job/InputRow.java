package sluice.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import sluice.cell.SequenceRules;

/**
 * What a task asks of an input row: its sequence, the values that are kept, and what to call it when something is wrong. Immutable,
 * sent to the executors.
 */
final class InputRow implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int QUOTED_CHARACTERS = 80;
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final SequenceReader reader;
    private final String sequenceColumn;
    private final String stateColumn; // or null
    private final int corruptColumn; // or -1
    private final String[] keyNames;
    private final int[] keyColumns;

    InputRow(SequenceReader reader, InputTable table, Settings.Input settings) {
        this.reader = reader;
        this.sequenceColumn = settings.tokens();
        this.stateColumn = settings.state().orElse(null);
        this.corruptColumn = table.corruptColumn();
        StructType schema = table.rows().schema();
        List<String> keys = InputPlan.keyColumns(table.schema(), settings);
        this.keyNames = keys.toArray(String[]::new);
        this.keyColumns = keys.stream().mapToInt(schema::fieldIndex).toArray();
    }

    /**
     * The sequence, or why there is none that can be scored.
     *
     * @param rules what the model and the request make of a sequence
     */
    SequenceReader.Reading read(Row row, SequenceRules rules) {
        SequenceReader.Reading reading = read(row);
        if (reading.defect() != null) {
            return reading;
        }
        return rules.check(reading.sequence())
                .map(broken -> SequenceReader.Reading.defect(RowDefect.of(broken)))
                .orElse(reading);
    }

    private SequenceReader.Reading read(Row row) {
        if (corruptColumn >= 0 && !row.isNullAt(corruptColumn)) {
            return SequenceReader.Reading.defect(unreadable(row.getString(corruptColumn)));
        }
        return reader.read(row);
    }

    /** Why Spark could not read a line as what the table's columns are. */
    private RowDefect unreadable(String line) {
        try {
            JsonNode object = JSON.readTree(line);
            if (object != null && object.isObject()) {
                String value = object.path(sequenceColumn).toString();
                return new RowDefect(
                        RowDefect.WRONG_TYPE, "it holds %s, expected %s".formatted(quote(value), reader.expected()));
            }
        } catch (JsonProcessingException e) {
            return broken(line);
        }
        return broken(line);
    }

    private static RowDefect broken(String line) {
        return new RowDefect(RowDefect.BROKEN_RECORD, "a line is no JSON object: " + quote(line));
    }

    /** The values of all columns that are kept. */
    Object[] kept(Row row) {
        Object[] values = new Object[row.length() - (corruptColumn >= 0 ? 1 : 0)];
        int at = 0;
        for (int column = 0; column < row.length(); column++) {
            if (column != corruptColumn) {
                values[at++] = row.get(column);
            }
        }
        return values;
    }

    /**
     * A sentence about a row that can't be scored.
     *
     * @param kept as {@link #kept} gave them
     */
    String complaint(Object[] kept, RowDefect defect) {
        if (defect.code().equals(RowDefect.BROKEN_RECORD)) { // then no column has a value, nor has the key
            return "%s (%s)".formatted(defect.text(), defect.code());
        }
        StringBuilder name = new StringBuilder("row");
        if (keyNames.length == 0) {
            name.append(' ').append(quote(RowFactory.create(kept).toString()));
        }
        for (int at = 0; at < keyNames.length; at++) {
            name.append(at == 0 ? " " : ", ")
                    .append(keyNames[at])
                    .append('=')
                    .append(quote(String.valueOf(kept[keptColumn(keyColumns[at])])));
        }
        String column = defect.code().equals(RowDefect.WRONG_STATE) ? stateColumn : sequenceColumn;
        return "%s: column '%s': %s (%s)".formatted(name, column, defect.text(), defect.code());
    }

    private int keptColumn(int column) {
        return corruptColumn >= 0 && column > corruptColumn ? column - 1 : column;
    }

    private static String quote(String text) {
        return text.length() <= QUOTED_CHARACTERS ? text : text.substring(0, QUOTED_CHARACTERS) + "...";
    }
}
