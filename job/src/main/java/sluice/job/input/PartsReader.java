package sluice.job.input;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import org.apache.spark.sql.Row;
import sluice.cell.Defect;
import sluice.cell.InputColumn;
import sluice.cell.Sequence;
import sluice.cell.model.InputPart;
import sluice.job.settings.Settings;

/** Reads the columns of a model with several inputs, which are the fields of one struct. Immutable, broadcast. */
final class PartsReader implements Serializable {
    private static final long serialVersionUID = 1L;

    private final SequenceReader[] readers; // of each part's column
    private final int[] fields; // of each part, in the struct
    private final String[] names;
    private final int target; // index of the part that has the targets, or -1

    PartsReader(PartsPlan plan, Settings.Input settings, List<InputPart> parts) {
        this.names = plan.names().toArray(String[]::new);
        this.fields = plan.columns().stream().mapToInt(InputPlan::column).toArray();
        this.readers = new SequenceReader[names.length];
        for (int at = 0; at < readers.length; at++) {
            readers[at] = new SequenceReader(
                    plan.columns().get(at), settings, parts.get(at).width());
        }
        OptionalInt known = plan.target();
        this.target = known.orElse(-1);
    }

    private PartsReader(PartsReader other, SequenceReader[] readers) {
        this.names = other.names;
        this.fields = other.fields;
        this.readers = readers;
        this.target = other.target;
    }

    /** See {@link SequenceReader#ofWholeRows}. */
    PartsReader ofWholeRows() {
        SequenceReader[] whole =
                Arrays.stream(readers).map(SequenceReader::ofWholeRows).toArray(SequenceReader[]::new);
        return new PartsReader(this, whole);
    }

    Sequence read(Row struct) throws UnreadableRow {
        requireOneLength(struct);
        List<InputColumn> columns = new ArrayList<>();
        int length = 0;
        for (int at = 0; at < readers.length; at++) {
            SequenceReader.Reading reading = readers[at].read(struct);
            if (reading.defect() != null) {
                throw new UnreadableRow(
                        reading.defect().code(),
                        "%s: %s".formatted(names[at], reading.defect().text()));
            }
            Sequence column = reading.sequence();
            if (at > 0 && column.length() != length) {
                throw lengths(at, column.length(), length);
            }
            length = column.length();
            columns.add(
                    column.hasFeatures()
                            ? InputColumn.ofNumbers(column.features())
                            : InputColumn.ofTokens(column.tokens()));
        }
        Sequence sequence = Sequence.ofColumns(length, columns);
        return target < 0 ? sequence : sequence.withTargets(target);
    }

    /** Compares the lengths before {@code input.max-length} cuts the columns. Text has no length before it is split. */
    private void requireOneLength(Row struct) throws UnreadableRow {
        int length = -1;
        for (int at = 0; at < fields.length; at++) {
            if (struct.get(fields[at]) instanceof scala.collection.Seq<?> list) {
                if (length >= 0 && list.length() != length) {
                    throw lengths(at, list.length(), length);
                }
                length = list.length();
            }
        }
    }

    private UnreadableRow lengths(int at, int found, int expected) {
        return new UnreadableRow(
                RowDefect.code(Defect.Kind.LENGTHS_DIFFER),
                String.format(
                        Locale.ROOT,
                        "%s has %d steps, and the columns before it have %d: expected one value of each column for each step",
                        names[at],
                        found,
                        expected));
    }
}
