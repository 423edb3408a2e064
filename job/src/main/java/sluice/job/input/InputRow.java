package sluice.job.input;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import sluice.cell.SequenceRules;
import sluice.job.settings.InputFormat;
import sluice.job.settings.Settings;

/**
 * What a task asks of an input row: its sequence, the values that are kept, and what to call it when something is wrong. Immutable,
 * sent to the executors.
 */
public final class InputRow implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int QUOTED_CHARACTERS = 80;
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final SequenceReader reader;
    private final String sequenceColumn;
    private final String pointer; // to the sequence, as JSON has it
    private final boolean isCsv;
    private final int corruptColumn; // or -1
    private final int width; // columns of the input
    private final int[] keptColumns;
    private final String[] keyNames;
    private final int[] keyColumns;

    public InputRow(SequenceReader reader, InputTable table, Settings.Input settings) {
        this.reader = reader;
        this.sequenceColumn = settings.tokens();
        this.pointer = pointer(table, settings);
        this.isCsv = settings.format() == InputFormat.CSV;
        this.corruptColumn = table.corruptColumn();
        StructType schema = table.wholeSchema();
        this.width = schema.length();
        this.keptColumns =
                table.keptColumns().stream().mapToInt(Integer::intValue).toArray();
        List<String> keys = InputPlan.keyColumns(table.readableSchema(), settings);
        this.keyNames = keys.toArray(String[]::new);
        this.keyColumns = keys.stream().mapToInt(schema::fieldIndex).toArray();
    }

    /** RFC 6901. */
    private static String pointer(InputTable table, Settings.Input settings) {
        ColumnPath path = ColumnPath.find(table.wholeSchema(), settings.tokens());
        List<String> names = path == null ? List.of(settings.tokens()) : path.names();
        return names.stream()
                .map(name -> "/" + name.replace("~", "~0").replace("/", "~1"))
                .collect(Collectors.joining());
    }

    /**
     * The sequence, or why there is none that can be scored.
     *
     * @param rules what the model and the request make of a sequence
     */
    public SequenceReader.Reading read(Row row, SequenceRules rules) {
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
            return SequenceReader.Reading.defect(unreadable(row, row.getString(corruptColumn)));
        }
        return reader.read(row);
    }

    /** Why Spark could not read a line as what the table's columns are. */
    private RowDefect unreadable(Row row, String line) {
        if (isCsv) {
            return broken("CSV record of these columns", line);
        }
        try {
            JsonNode object = JSON.readTree(line);
            if (object != null && object.isObject() && reader.read(row).defect() == null) {
                return broken("JSON object of these columns", line);
            }
            if (object != null && object.isObject()) {
                String value = object.at(pointer).toString();
                return new RowDefect(
                        RowDefect.WRONG_TYPE, "it holds %s, expected %s".formatted(quote(value), reader.expected()));
            }
        } catch (JsonProcessingException e) {
            return broken("JSON object", line);
        }
        return broken("JSON object", line);
    }

    private static RowDefect broken(String what, String line) {
        return new RowDefect(RowDefect.BROKEN_RECORD, "a line is no %s: %s".formatted(what, quote(line)));
    }

    /** The values of the columns that go into the output. */
    public Object[] kept(Row row) {
        return kept(row, 0);
    }

    /** The same, with so many places for others behind them. */
    public Object[] kept(Row row, int places) {
        Object[] values = new Object[keptColumns.length + places];
        for (int at = 0; at < keptColumns.length; at++) {
            values[at] = row.get(keptColumns[at]);
        }
        return values;
    }

    /** The values of all columns that the input has. */
    public Object[] whole(Row row) {
        Object[] values = new Object[width];
        Arrays.setAll(values, row::get);
        return values;
    }

    /** A sentence about a row that can't be scored. */
    public String complaint(Row row, RowDefect defect) {
        if (defect.code().equals(RowDefect.BROKEN_RECORD)) { // then no column has a value, nor has the key
            return "%s (%s)".formatted(defect.text(), defect.code());
        }
        StringBuilder name = new StringBuilder("row");
        if (keyNames.length == 0) {
            name.append(' ').append(quote(RowFactory.create(kept(row)).toString()));
        }
        for (int at = 0; at < keyNames.length; at++) {
            name.append(at == 0 ? " " : ", ")
                    .append(keyNames[at])
                    .append('=')
                    .append(quote(String.valueOf(row.get(keyColumns[at]))));
        }
        if (defect.code().equals(RowDefect.NULL_KEY)) {
            return "%s: %s (%s)".formatted(name, defect.text(), defect.code());
        }
        String place = defect.code().equals(RowDefect.WRONG_STATE)
                ? reader.statePlace()
                : "column '%s'".formatted(sequenceColumn);
        return "%s: %s: %s (%s)".formatted(name, place, defect.text(), defect.code());
    }

    private static String quote(String text) {
        return text.length() <= QUOTED_CHARACTERS ? text : text.substring(0, QUOTED_CHARACTERS) + "...";
    }
}
