package sluice.job.input;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.cell.SequenceRules;
import sluice.job.message.HumanText;
import sluice.job.row.RowDefect;
import sluice.job.row.UnreadableRow;
import sluice.job.settings.InputFormat;
import sluice.job.settings.Settings;
import sluice.job.source.ColumnPath;

/**
 * Reads an input row in a task: its sequence, the values that go into the output, and the name of the row in messages. Immutable,
 * broadcast.
 */
public final class InputRow implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int DEFAULT_KEYS = 3;
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final SequenceReader reader;
    private final ClassColumns classes; // null if answers are about all classes
    private final SequenceReader wholeReader; // reads all tokens of a row; null unless classes need them
    private final String sequencePlace; // for messages
    private final String[] pointers; // JSON pointer to each column of the sequence, RFC 6901
    private final int sequenceColumn;
    private final boolean isCsv;
    private final int corruptColumn; // see InputTable; -1 if there is none
    private final int defectColumn; // see InputTable; -1 if there is none
    private final int width; // number of columns of the input
    private final int[] keptColumns;
    private final String[] keyNames;
    private final int[] keyColumns;

    /** @param classes the classes that the answer to a row is about; empty: all */
    public InputRow(SequenceReader reader, Optional<ClassColumns> classes, InputTable table, Settings.Input settings) {
        this.reader = reader;
        this.classes = classes.orElse(null);
        this.wholeReader = classes.isPresent() && classes.get().readsSeen() ? reader.ofWholeRows() : null;
        this.sequencePlace = table.sequencePlace(settings);
        this.pointers = table.sequenceNames(settings).stream()
                .map(name -> pointer(table, name))
                .toArray(String[]::new);
        this.sequenceColumn = table.sequenceColumn();
        this.isCsv = settings.format() == InputFormat.CSV;
        this.corruptColumn = table.corruptColumn();
        this.defectColumn = table.defectColumn();
        StructType schema = table.wholeSchema();
        this.width = schema.length();
        this.keptColumns =
                table.keptColumns().stream().mapToInt(Integer::intValue).toArray();
        List<String> keys = keyColumns(table, settings);
        this.keyNames = keys.toArray(String[]::new);
        this.keyColumns = keys.stream().mapToInt(schema::fieldIndex).toArray();
    }

    private static String pointer(InputTable table, String name) {
        ColumnPath path = ColumnPath.find(table.wholeSchema(), name, table.names())
                .orElse(new ColumnPath(List.of(name), List.of(-1))); // a function's argument
        return path.names().stream()
                .map(part -> "/" + part.replace("~", "~0").replace("/", "~1"))
                .collect(Collectors.joining());
    }

    /** The columns that identify a row in messages: those of {@code input.key}, otherwise the first three of a plain type. */
    private static List<String> keyColumns(InputTable table, Settings.Input settings) {
        StructType schema = table.readableSchema();
        if (!settings.key().isEmpty()) {
            return settings.key().stream()
                    .map(name -> ColumnPath.field(
                            schema, name, table.names(), "input.key", "set it to columns of the input"))
                    .map(StructField::name)
                    .toList();
        }
        List<String> sequences = table.sequenceNames(settings);
        return Arrays.stream(schema.fields())
                .filter(field -> isPlain(field.dataType())
                        && sequences.stream()
                                .noneMatch(sequence -> table.names().same(field.name(), sequence)))
                .map(StructField::name)
                .limit(DEFAULT_KEYS)
                .toList();
    }

    private static boolean isPlain(DataType type) {
        return List.of("string", "tinyint", "smallint", "int", "bigint", "date", "timestamp")
                .contains(type.catalogString());
    }

    /**
     * Reads the sequence, or the defect that makes the row a bad row.
     *
     * @param rules checks of the model and the request
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
        if (defectColumn >= 0 && !row.isNullAt(defectColumn)) {
            return SequenceReader.Reading.defect(RowDefect.of(row.getStruct(defectColumn)));
        }
        SequenceReader.Reading reading = reader.read(row);
        return classes == null || reading.defect() != null ? reading : withClasses(row, reading);
    }

    private SequenceReader.Reading withClasses(Row row, SequenceReader.Reading reading) {
        SequenceReader.Reading whole = wholeReader == null ? null : wholeReader.read(row);
        if (whole != null && whole.defect() != null) { // of a token that input.too-long cuts off
            return whole;
        }
        try {
            return reading.with(classes.read(
                    row,
                    reading.sequence(),
                    whole == null ? null : whole.sequence().tokens()));
        } catch (UnreadableRow e) {
            return SequenceReader.Reading.defect(e.defect());
        }
    }

    /** The defect of a line that Spark could not parse with the table's schema. */
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
                String value = object.at(unreadable(row)).toString();
                return new RowDefect(
                        RowDefect.WRONG_TYPE,
                        "it holds %s, expected %s".formatted(HumanText.quote(value), reader.expected()));
            }
        } catch (JsonProcessingException e) {
            return broken("JSON object", line);
        }
        return broken("JSON object", line);
    }

    /** The pointer of the column that could not be read: Spark leaves it null. */
    private String unreadable(Row row) {
        for (int at = 1; at < pointers.length; at++) {
            if (row.getStruct(sequenceColumn).isNullAt(at)) {
                return pointers[at];
            }
        }
        return pointers[0];
    }

    private static RowDefect broken(String what, String line) {
        return new RowDefect(RowDefect.BROKEN_RECORD, "a line is no %s: %s".formatted(what, HumanText.quote(line)));
    }

    /** The values of the input columns that go into the output. */
    public Object[] kept(Row row) {
        return kept(row, 0);
    }

    /** The same in a longer array, with places for other columns after them. */
    public Object[] kept(Row row, int places) {
        Object[] values = new Object[keptColumns.length + places];
        for (int at = 0; at < keptColumns.length; at++) {
            values[at] = row.get(keptColumns[at]);
        }
        return values;
    }

    /** The values of all input columns. */
    public Object[] whole(Row row) {
        Object[] values = new Object[width];
        Arrays.setAll(values, row::get);
        return values;
    }

    /** A sentence that names a bad row and its defect. */
    public String complaint(Row row, RowDefect defect) {
        if (defect.code().equals(RowDefect.BROKEN_RECORD)) { // no column has a value, so the row has no name
            return "%s (%s)".formatted(defect.text(), defect.code());
        }
        StringBuilder name = new StringBuilder("row");
        if (keyNames.length == 0) {
            name.append(' ').append(HumanText.quote(RowFactory.create(kept(row)).toString()));
        }
        for (int at = 0; at < keyNames.length; at++) {
            name.append(at == 0 ? " " : ", ")
                    .append(keyNames[at])
                    .append('=')
                    .append(HumanText.quote(String.valueOf(row.get(keyColumns[at]))));
        }
        if (defect.code().equals(RowDefect.NULL_KEY)) {
            return "%s: %s (%s)".formatted(name, defect.text(), defect.code());
        }
        return "%s: %s: %s (%s)".formatted(name, place(defect), defect.text(), defect.code());
    }

    /** Where the defect is. */
    private String place(RowDefect defect) {
        if (defect.code().equals(RowDefect.WRONG_STATE)) {
            return reader.statePlace();
        }
        return defect.isOfCandidates() ? classes.candidatesPlace() : sequencePlace;
    }
}
