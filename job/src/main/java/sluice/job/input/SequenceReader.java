package sluice.job.input;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
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

    /** The fraction of a whole number that a program wrote as a floating-point number, such as {@code 7.0}. */
    private static final Pattern ZERO_FRACTION = Pattern.compile("(?<=\\d)\\.0*$");

    private final int column;
    private final InitialState state; // null if sequences start from the model's own initial state
    private final SequenceForm form;
    private final InputKind kind;
    private final int inputWidth;
    private final Vocabulary vocabulary; // null if the form needs none
    private final Integer unknownId; // id for unknown words; null if they make a bad row
    private final boolean lowerCase; // whether words are looked up in lower case
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
        this.lowerCase = settings.lowerCase();
        this.splitter = settings.splitter();
        this.limits = settings.limits();
        this.boundaries = BoundaryTokens.resolve(settings, kind, vocabulary);
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

    /**
     * A sequence or a defect; the other one is null.
     *
     * @param words number of words that were looked up
     * @param unknownWords number of them that were replaced by {@code input.unknown-word}
     */
    public record Reading(Sequence sequence, RowDefect defect, int words, int unknownWords) {
        private static Reading of(Sequence sequence, Ids ids) {
            return new Reading(sequence, null, ids.words(), ids.unknown());
        }

        static Reading defect(RowDefect defect) {
            return new Reading(null, defect, 0, 0);
        }
    }

    /** Token ids, and how many of them words were looked up for and were unknown. */
    private record Ids(int[] ids, int words, int unknown) {
        static Ids of(int... ids) {
            return new Ids(ids, 0, 0);
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
            Ids ids = ids(row);
            Sequence sequence = ids == null ? features(row) : ofIds(ids.ids());
            LstmState start = state == null ? null : state.read(row);
            return Reading.of(start == null ? sequence : sequence.from(start), ids == null ? Ids.of() : ids);
        } catch (UnreadableRow e) {
            return Reading.defect(e.defect());
        }
    }

    /** The token ids of the row; null if it holds features. */
    private Ids ids(Row row) throws UnreadableRow {
        return switch (form) {
            case IDS -> Ids.of(ids(row.getList(column)));
            case REAL_IDS -> Ids.of(wholeIds(row.getList(column)));
            case ID_TEXT -> Ids.of(parse(split(row.getString(column))));
            case WORDS -> lookUp(row.getList(column));
            case TEXT -> lookUp(split(row.getString(column)));
            case NUMBERS, FEATURE_ROWS, FEATURE_TEXT -> null;
        };
    }

    private Sequence features(Row row) throws UnreadableRow {
        return switch (form) {
            case NUMBERS -> ofNumbers(row.getList(column));
            case FEATURE_ROWS -> ofRows(row.getList(column));
            case FEATURE_TEXT -> ofText(row.getString(column));
            default -> throw new IllegalStateException("holds tokens: " + form);
        };
    }

    private Sequence ofIds(int[] ids) {
        int[] whole = boundaries.around(ids);
        return kind == InputKind.FEATURES ? Sequence.ofNumbers(whole) : Sequence.ofTokens(whole);
    }

    /** The words of a text; null for an element of a list that is null. */
    private List<String> split(String text) throws UnreadableRow {
        return splitter.isList() ? TextList.flat(text) : Arrays.asList(splitter.split(text));
    }

    private int[] parse(List<String> texts) throws UnreadableRow {
        Long[] ids = new Long[texts.size()];
        for (int step = 0; step < ids.length; step++) {
            String text = texts.get(step);
            try {
                ids[step] = text == null
                        ? null
                        : Long.valueOf(ZERO_FRACTION.matcher(text).replaceFirst(""));
            } catch (NumberFormatException e) {
                throw new UnreadableRow(
                        RowDefect.UNKNOWN_WORD,
                        String.format(
                                Locale.ROOT, "'%s' at step %d is no token id, and there is no vocabulary", text, step));
            }
        }
        return ids(Arrays.asList(ids));
    }

    private int[] wholeIds(List<? extends Number> all) throws UnreadableRow {
        Long[] ids = new Long[all.size()];
        for (int step = 0; step < ids.length; step++) {
            Number number = all.get(step);
            ids[step] = number == null ? null : whole(number, step);
        }
        return ids(Arrays.asList(ids));
    }

    /** The value of a decimal or floating-point number that is whole. */
    private static long whole(Number number, int step) throws UnreadableRow {
        boolean isWhole;
        if (number instanceof BigDecimal decimal) {
            isWhole = decimal.stripTrailingZeros().scale() <= 0;
        } else {
            double value = number.doubleValue();
            isWhole = value == Math.rint(value) && !Double.isInfinite(value);
        }
        if (!isWhole) {
            throw new UnreadableRow(
                    RowDefect.WRONG_TYPE,
                    String.format(Locale.ROOT, "token %s at step %d is no whole number", number, step));
        }
        if (Math.abs(number.doubleValue()) >= Long.MAX_VALUE) {
            throw new UnreadableRow(
                    RowDefect.WRONG_TYPE,
                    String.format(Locale.ROOT, "token %s at step %d is beyond 64 bits", number, step));
        }
        return number.longValue();
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

    private Ids lookUp(List<String> all) throws UnreadableRow {
        List<String> words = within(all);
        int[] ids = new int[words.size()];
        int step = 0;
        int unknown = 0;
        for (String word : words) {
            String sought = notNull(word, step);
            Integer id = vocabulary.id(lowerCase ? sought.toLowerCase(Locale.ROOT) : sought);
            if (id == null && unknownId == null) {
                throw new UnreadableRow(
                        RowDefect.UNKNOWN_WORD,
                        String.format(
                                Locale.ROOT,
                                "word '%s' at step %d is not in the vocabulary; set input.unknown-word to a word that replaces unknown words",
                                word,
                                step));
            }
            unknown += id == null ? 1 : 0;
            ids[step++] = id == null ? unknownId : id;
        }
        return new Ids(ids, ids.length, unknown);
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

    /** A list of numbers, if the model reads one a step; or a list of rows of features. */
    private Sequence ofText(String text) throws UnreadableRow {
        List<List<String>> rows = within(TextList.rows(text));
        float[] features = new float[Math.multiplyExact(rows.size(), inputWidth)];
        for (int step = 0; step < rows.size(); step++) {
            List<String> row = rows.get(step);
            requireWidth(row.size(), step);
            for (int k = 0; k < inputWidth; k++) {
                features[step * inputWidth + k] = number(notNull(row.get(k), step), step);
            }
        }
        return Sequence.ofFeatures(rows.size(), features);
    }

    private static float number(String text, int step) throws UnreadableRow {
        try {
            return Float.parseFloat(text);
        } catch (NumberFormatException e) {
            throw new UnreadableRow(
                    RowDefect.WRONG_TYPE, String.format(Locale.ROOT, "'%s' at step %d is no number", text, step));
        }
    }

    private void requireWidth(int width, int step) throws UnreadableRow {
        if (width != inputWidth) {
            throw new UnreadableRow(
                    RowDefect.code(Defect.Kind.WRONG_INPUT),
                    String.format(Locale.ROOT, "step %d has %d features, the model reads %d", step, width, inputWidth));
        }
    }

    /** Spark's lists of lists are Scala sequences within a Java view. */
    private Sequence ofRows(List<scala.collection.Seq<? extends Number>> all) throws UnreadableRow {
        List<scala.collection.Seq<? extends Number>> rows = within(all);
        int steps = rows.size();
        float[] features = new float[Math.multiplyExact(steps, inputWidth)];
        int step = 0;
        for (scala.collection.Seq<? extends Number> row : rows) {
            requireWidth(notNull(row, step).length(), step);
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
