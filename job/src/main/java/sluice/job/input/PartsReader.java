package sluice.job.input;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import sluice.cell.Defect;
import sluice.cell.InputColumn;
import sluice.cell.Sequence;
import sluice.cell.model.InputPart;
import sluice.job.message.RefusedException;
import sluice.job.row.Padding;
import sluice.job.row.RowDefect;
import sluice.job.row.SequenceBounds;
import sluice.job.row.UnreadableRow;
import sluice.job.settings.ColumnValues;
import sluice.job.settings.Settings;

/** Reads the columns of a model with several inputs, which are the fields of one struct. Immutable, broadcast. */
final class PartsReader implements Serializable {
    private static final long serialVersionUID = 1L;

    private final SequenceReader[] readers; // of each part's column
    private final int[] fields; // of each part, in the struct
    private final String[] names;
    private final SequenceBounds bounds;
    private final int[] padded; // parts in which the padding of all must stand; empty if there is no padding
    private final Padding[] paddings; // of each of them
    private final int target; // index of the part that has the targets, or -1

    /**
     * @param length index of the column of {@code input.length} in the row; -1 if there is none
     * @throws RefusedException if a setting does not fit a column
     */
    PartsReader(PartsPlan plan, int length, Settings.Input settings, List<InputPart> parts) {
        this.names = plan.names().toArray(String[]::new);
        this.fields = plan.columns().stream().mapToInt(InputPlan::column).toArray();
        this.readers = new SequenceReader[names.length];
        this.bounds = new SequenceBounds(length, settings.limits());
        for (int at = 0; at < readers.length; at++) {
            readers[at] = new SequenceReader(
                    plan.columns().get(at),
                    settings,
                    parts.get(at).width(),
                    plan.tokens().get(at));
        }
        ColumnValues pads = ColumnValues.of("input.pad", settings.pad(), parts);
        this.padded = IntStream.range(0, names.length)
                .filter(at -> pads.of(names[at]).isPresent())
                .toArray();
        this.paddings = Arrays.stream(padded)
                .mapToObj(at -> Padding.resolve(
                        pads.of(names[at]), plan.columns().get(at).form()))
                .toArray(Padding[]::new);
        OptionalInt known = plan.target();
        this.target = known.orElse(-1);
    }

    private PartsReader(PartsReader other, SequenceReader[] readers, SequenceBounds bounds) {
        this.names = other.names;
        this.fields = other.fields;
        this.readers = readers;
        this.bounds = bounds;
        this.padded = other.padded;
        this.paddings = other.paddings;
        this.target = other.target;
    }

    /** See {@link SequenceReader#ofWholeRows}. */
    PartsReader ofWholeRows() {
        SequenceReader[] whole =
                Arrays.stream(readers).map(SequenceReader::ofWholeRows).toArray(SequenceReader[]::new);
        return new PartsReader(this, whole, bounds.withoutLimits());
    }

    /**
     * The columns of a row as one sequence. All are cut at the same steps.
     *
     * @param row that holds the column of {@code input.length}
     * @param struct of the columns
     */
    SequenceReader.Reading read(Row row, Row struct) throws UnreadableRow {
        List<List<?>> values = new ArrayList<>();
        for (int at = 0; at < readers.length; at++) {
            values.add(values(struct, at));
            if (values.get(at).size() != values.get(0).size()) {
                throw lengths(at, values.get(at).size(), values.get(0).size());
            }
        }
        SequenceBounds.Range range = bounds.of(row, values.get(0).size(), step -> isPad(values, step));
        List<InputColumn> columns = new ArrayList<>();
        int length = 0;
        int words = 0;
        int unknown = 0;
        for (int at = 0; at < readers.length; at++) {
            SequenceReader.Reading reading = reading(range.of(values.get(at)), at);
            Sequence column = reading.sequence();
            length = column.length();
            words += reading.words();
            unknown += reading.unknownWords();
            columns.add(
                    column.hasFeatures()
                            ? InputColumn.ofNumbers(column.features())
                            : InputColumn.ofTokens(column.tokens()));
        }
        Sequence sequence = Sequence.ofColumns(length, columns);
        return new SequenceReader.Reading(target < 0 ? sequence : sequence.withTargets(target), null, words, unknown);
    }

    private List<?> values(Row struct, int at) throws UnreadableRow {
        if (struct.isNullAt(fields[at])) {
            throw new UnreadableRow(RowDefect.NULL_SEQUENCE, names[at] + ": " + SequenceReader.NULL);
        }
        try {
            return readers[at].values(struct);
        } catch (UnreadableRow e) {
            throw in(names[at], e.defect());
        }
    }

    private SequenceReader.Reading reading(List<?> steps, int at) throws UnreadableRow {
        try {
            return readers[at].reading(steps);
        } catch (UnreadableRow e) {
            throw in(names[at], e.defect());
        }
    }

    private static UnreadableRow in(String column, RowDefect defect) {
        return new UnreadableRow(defect.code(), "%s: %s".formatted(column, defect.text()));
    }

    private boolean isPad(List<List<?>> values, int step) {
        for (int at = 0; at < padded.length; at++) {
            if (!paddings[at].isPad(values.get(padded[at]).get(step))) {
                return false;
            }
        }
        return padded.length > 0;
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
