package sluice.job.input;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.Row;
import sluice.cell.Defect;
import sluice.cell.InputKind;
import sluice.cell.LstmState;
import sluice.cell.Sequence;
import sluice.job.message.RefusedException;
import sluice.job.model.Vocabulary;
import sluice.job.settings.LengthLimits;
import sluice.job.settings.Settings;
import sluice.job.settings.Tokenizer;

/** Reads the sequence of a row, and the state that it continues from. Immutable, broadcast. */
public final class SequenceReader implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int column;
    private final InitialState state; // null if sequences start from the model's own initial state
    private final SequenceForm form;
    private final InputKind kind;
    private final int inputWidth;
    private final Vocabulary vocabulary; // null if the form needs none
    private final Integer unknownId; // id for unknown words; null if they make a bad row
    private final Tokenizer splitter;
    private final LengthLimits limits;
    private final BoundaryTokens boundaries;

    /** @param state the state that a row's sequence starts from; empty if all start from the model's initial state */
    public SequenceReader(InputPlan plan, Optional<InitialState> state, Settings.Input settings, int inputWidth) {
        this.column = plan.column();
        this.state = state.orElse(null);
        this.form = plan.form();
        this.kind = plan.kind();
        this.inputWidth = inputWidth;
        this.vocabulary = form.needsVocabulary() ? plan.vocabulary().orElseThrow() : null;
        this.unknownId = unknownId(settings, vocabulary);
        this.splitter = settings.splitter();
        this.limits = settings.limits();
        this.boundaries = BoundaryTokens.resolve(settings, kind, vocabulary);
    }

    private SequenceReader(SequenceReader other, LengthLimits limits, BoundaryTokens boundaries) {
        this.column = other.column;
        this.state = null;
        this.form = other.form;
        this.kind = other.kind;
        this.inputWidth = other.inputWidth;
        this.vocabulary = other.vocabulary;
        this.unknownId = other.unknownId;
        this.splitter = other.splitter;
        this.limits = limits;
        this.boundaries = boundaries;
    }

    /** A reader of all tokens of a row: of sequences that are not cut, without boundary tokens and states. */
    SequenceReader ofWholeRows() {
        return new SequenceReader(this, LengthLimits.NONE, BoundaryTokens.NONE);
    }

    private static Integer unknownId(Settings.Input settings, Vocabulary vocabulary) {
        if (settings.unknownWord().isEmpty() || vocabulary == null) {
            return null;
        }
        Integer id = vocabulary.id(settings.unknownWord().get());
        if (id == null) {
            throw new RefusedException("input.unknown-word = '%s' is not in the vocabulary"
                    .formatted(settings.unknownWord().get()));
        }
        return id;
    }

    /** A sequence or a defect; the other one is null. */
    public record Reading(Sequence sequence, RowDefect defect) {
        static Reading of(Sequence sequence) {
            return new Reading(sequence, null);
        }

        static Reading defect(RowDefect defect) {
            return new Reading(null, defect);
        }
    }

    /** What the column should hold, for messages: {@code token ids}. */
    String expected() {
        return form.toString();
    }

    /** Where the state is, for messages. Called only if states are read. */
    String statePlace() {
        return state.place();
    }

    Reading read(Row row) {
        try {
            if (row.isNullAt(column)) {
                throw new UnreadableRow(
                        RowDefect.NULL_SEQUENCE, "it is null, expected a sequence (an empty one is [])");
            }
            Sequence sequence = sequence(row);
            LstmState start = state == null ? null : state.read(row);
            return Reading.of(start == null ? sequence : sequence.from(start));
        } catch (UnreadableRow e) {
            return Reading.defect(e.defect());
        }
    }

    private Sequence sequence(Row row) throws UnreadableRow {
        return switch (form) {
            case IDS -> ofIds(ids(row.getList(column)));
            case ID_TEXT -> ofIds(parse(splitter.split(row.getString(column))));
            case WORDS -> ofIds(lookUp(row.getList(column)));
            case TEXT -> ofIds(lookUp(Arrays.asList(splitter.split(row.getString(column)))));
            case NUMBERS -> ofNumbers(row.getList(column));
            case FEATURE_ROWS -> ofRows(row.getList(column));
        };
    }

    private Sequence ofIds(int[] ids) {
        int[] whole = boundaries.around(ids);
        return kind == InputKind.FEATURES ? Sequence.ofNumbers(whole) : Sequence.ofTokens(whole);
    }

    private int[] parse(String[] texts) throws UnreadableRow {
        Long[] ids = new Long[texts.length];
        for (int step = 0; step < ids.length; step++) {
            try {
                ids[step] = Long.valueOf(texts[step]);
            } catch (NumberFormatException e) {
                throw new UnreadableRow(
                        RowDefect.UNKNOWN_WORD,
                        String.format(
                                Locale.ROOT,
                                "'%s' at step %d is no token id, and there is no vocabulary",
                                texts[step],
                                step));
            }
        }
        return ids(Arrays.asList(ids));
    }

    private int[] ids(List<? extends Number> all) throws UnreadableRow {
        List<? extends Number> numbers = within(all);
        int[] ids = new int[numbers.size()];
        int step = 0;
        for (Number number : numbers) {
            long id = notNull(number, step).longValue();
            if (id != (int) id) {
                throw new UnreadableRow(
                        RowDefect.code(Defect.Kind.TOKEN_OUT_OF_RANGE),
                        String.format(Locale.ROOT, "token %d at step %d is beyond any model's vocabulary", id, step));
            }
            ids[step++] = (int) id;
        }
        return ids;
    }

    private int[] lookUp(List<String> all) throws UnreadableRow {
        List<String> words = within(all);
        int[] ids = new int[words.size()];
        int step = 0;
        for (String word : words) {
            Integer id = vocabulary.id(notNull(word, step));
            if (id == null && unknownId == null) {
                throw new UnreadableRow(
                        RowDefect.UNKNOWN_WORD,
                        String.format(
                                Locale.ROOT,
                                "word '%s' at step %d is not in the vocabulary; set input.unknown-word to a word that replaces unknown words",
                                word,
                                step));
            }
            ids[step++] = id == null ? unknownId : id;
        }
        return ids;
    }

    private Sequence ofNumbers(List<? extends Number> all) throws UnreadableRow {
        List<? extends Number> numbers = within(all);
        float[] features = new float[numbers.size()];
        int step = 0;
        for (Number number : numbers) {
            features[step] = notNull(number, step).floatValue();
            step++;
        }
        return Sequence.ofFeatures(features.length, features);
    }

    /** Spark's lists of lists are Scala sequences within a Java view. */
    private Sequence ofRows(List<scala.collection.Seq<? extends Number>> all) throws UnreadableRow {
        List<scala.collection.Seq<? extends Number>> rows = within(all);
        int steps = rows.size();
        float[] features = new float[Math.multiplyExact(steps, inputWidth)];
        int step = 0;
        for (scala.collection.Seq<? extends Number> row : rows) {
            if (notNull(row, step).length() != inputWidth) {
                throw new UnreadableRow(
                        RowDefect.code(Defect.Kind.WRONG_INPUT),
                        String.format(
                                Locale.ROOT,
                                "step %d has %d features, the model reads %d",
                                step,
                                row.length(),
                                inputWidth));
            }
            for (int k = 0; k < inputWidth; k++) {
                features[step * inputWidth + k] =
                        notNull((Number) row.apply(k), step).floatValue();
            }
            step++;
        }
        return Sequence.ofFeatures(steps, features);
    }

    /** The steps to score, by {@code input.min-length}, {@code input.max-length} and {@code input.too-long}. */
    private <T> List<T> within(List<T> steps) throws UnreadableRow {
        int length = steps.size();
        if (length < limits.least()) {
            throw new UnreadableRow(
                    RowDefect.TOO_SHORT,
                    String.format(Locale.ROOT, "%d steps, input.min-length asks for %d", length, limits.least()));
        }
        if (length <= limits.most()) {
            return steps;
        }
        return switch (limits.tooLong()) {
            case REFUSE ->
                throw new UnreadableRow(
                        RowDefect.TOO_LONG,
                        String.format(Locale.ROOT, "%d steps, input.max-length allows %d", length, limits.most()));
            case KEEP_FIRST -> steps.subList(0, limits.most());
            case KEEP_LAST -> steps.subList(length - limits.most(), length);
        };
    }

    private static <T> T notNull(T value, int step) throws UnreadableRow {
        if (value == null) {
            throw new UnreadableRow(
                    RowDefect.NULL_ELEMENT, String.format(Locale.ROOT, "the element at step %d is null", step));
        }
        return value;
    }
}
