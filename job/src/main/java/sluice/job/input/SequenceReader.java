package sluice.job.input;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.spark.sql.Row;
import sluice.cell.Defect;
import sluice.cell.InputKind;
import sluice.cell.LstmState;
import sluice.cell.Sequence;
import sluice.cell.model.LstmModel;
import sluice.job.model.Vocabulary;
import sluice.job.row.Padding;
import sluice.job.row.RowDefect;
import sluice.job.row.SequenceBounds;
import sluice.job.row.SequenceForm;
import sluice.job.row.StepFeatures;
import sluice.job.row.StepVectors;
import sluice.job.row.TextList;
import sluice.job.row.UnreadableRow;
import sluice.job.settings.Settings;
import sluice.job.settings.Tokenizer;

/** Reads the sequence of a row, and the state that it continues from. Immutable, broadcast. */
public final class SequenceReader implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The defect of a row without a sequence. */
    static final String NULL = "it is null, expected a sequence (an empty one is [])";

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
    private final SequenceBounds bounds;
    private final Padding padding;
    private final BoundaryTokens boundaries;
    private final PartsReader parts; // null for a model with one input

    /** @param state the state that a row's sequence starts from; empty if all start from the model's initial state */
    public SequenceReader(InputPlan plan, Optional<InitialState> state, Settings.Input settings, LstmModel model) {
        this(
                plan,
                state,
                settings,
                model.inputWidth(),
                plan.parts().isPresent() ? BoundaryTokens.Named.NONE : BoundaryTokens.Named.of(settings),
                plan.parts().isPresent() ? Padding.NONE : Padding.resolve(settings.pad(), plan.form()),
                plan.parts()
                        .map(columns -> new PartsReader(columns, plan.length(), settings, model.parts()))
                        .orElse(null));
    }

    /** A reader of one column of a model with several inputs. */
    SequenceReader(InputPlan plan, Settings.Input settings, int width, BoundaryTokens.Named tokens) {
        this(plan, Optional.empty(), settings, width, tokens, Padding.NONE, null);
    }

    private SequenceReader(
            InputPlan plan,
            Optional<InitialState> state,
            Settings.Input settings,
            int inputWidth,
            BoundaryTokens.Named tokens,
            Padding padding,
            PartsReader parts) {
        this.column = plan.column();
        this.state = state.orElse(null);
        this.form = plan.form();
        this.kind = plan.kind();
        this.inputWidth = inputWidth;
        this.vocabulary = form.needsVocabulary() ? plan.vocabulary().orElseThrow() : null;
        this.unknownId = unknownId(tokens.unknown(), vocabulary);
        this.lowerCase = settings.lowerCase();
        this.splitter = settings.splitter();
        this.bounds = new SequenceBounds(plan.length(), settings.limits());
        this.padding = padding;
        this.boundaries = BoundaryTokens.resolve(tokens, kind, vocabulary);
        this.parts = parts;
    }

    private SequenceReader(SequenceReader other, SequenceBounds bounds, BoundaryTokens boundaries) {
        this.column = other.column;
        this.state = null;
        this.form = other.form;
        this.kind = other.kind;
        this.inputWidth = other.inputWidth;
        this.vocabulary = other.vocabulary;
        this.unknownId = other.unknownId;
        this.lowerCase = other.lowerCase;
        this.splitter = other.splitter;
        this.bounds = bounds;
        this.padding = other.padding;
        this.parts = other.parts == null ? null : other.parts.ofWholeRows();
        this.boundaries = boundaries;
    }

    /** A reader of all tokens of a row: of sequences that are not cut, without boundary tokens and states. */
    SequenceReader ofWholeRows() {
        return new SequenceReader(this, bounds.withoutLimits(), BoundaryTokens.NONE);
    }

    private static Integer unknownId(Optional<String> word, Vocabulary vocabulary) {
        if (word.isEmpty() || vocabulary == null) {
            return null;
        }
        return BoundaryTokens.id("input.unknown-word", word.get(), vocabulary);
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

        /** The same with another sequence. */
        Reading with(Sequence other) {
            return new Reading(other, null, words, unknownWords);
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
                throw new UnreadableRow(RowDefect.NULL_SEQUENCE, NULL);
            }
            Reading reading = parts == null ? reading(steps(row)) : parts.read(row, row.getStruct(column));
            LstmState start = state == null ? null : state.read(row);
            return start == null ? reading : reading.with(reading.sequence().from(start));
        } catch (UnreadableRow e) {
            return Reading.defect(e.defect());
        }
    }

    private List<?> steps(Row row) throws UnreadableRow {
        List<?> values = values(row);
        return bounds.of(row, values.size(), at -> padding.isPad(values.get(at)))
                .of(values);
    }

    /** The value of the row: an element for each step, those that are not scored included. */
    List<?> values(Row row) throws UnreadableRow {
        return switch (form) {
            case IDS, NUMBERS -> flatOrSingle(row.getList(column));
            case VECTOR -> flatOrSingle(StepVectors.flat(row.get(column)));
            case FEATURE_VECTORS -> StepVectors.rows(row.getList(column));
            case REAL_IDS, WORDS, FEATURE_ROWS, FEATURE_STRUCTS -> row.getList(column);
            case ID_WORDS -> kind == InputKind.FEATURES ? rows(row.<String>getList(column)) : row.getList(column);
            case ID_TEXT, TEXT -> split(row.getString(column));
            case FEATURE_TEXT -> rows(row.getString(column));
            case PARTS -> throw new IllegalStateException("several columns have no common value");
        };
    }

    /** The sequence of these steps, which are elements of {@link #values}. */
    Reading reading(List<?> steps) throws UnreadableRow {
        Ids ids = ids(steps);
        return ids == null ? Reading.of(features(steps), Ids.of()) : Reading.of(ofIds(ids.ids()), ids);
    }

    /** The token ids of these steps; null if they are features. */
    private Ids ids(List<?> steps) throws UnreadableRow {
        return switch (form) {
            case IDS -> readsFlatRows() ? null : Ids.of(narrowed(typed(steps)));
            case REAL_IDS -> Ids.of(wholeIds(typed(steps)));
            case ID_TEXT -> Ids.of(parse(typed(steps)));
            case ID_WORDS -> kind == InputKind.FEATURES ? null : Ids.of(parse(typed(steps)));
            case WORDS, TEXT -> lookUp(typed(steps));
            case NUMBERS, FEATURE_ROWS, FEATURE_STRUCTS, FEATURE_VECTORS, VECTOR, FEATURE_TEXT, PARTS -> null;
        };
    }

    /** The elements of {@link #values}, whose type follows from the form. */
    @SuppressWarnings("unchecked")
    private static <T> List<T> typed(List<?> steps) {
        return (List<T>) steps;
    }

    /** Whether whole numbers are the features of steps, one after the other. */
    private boolean readsFlatRows() {
        return kind == InputKind.FEATURES && inputWidth > 1;
    }

    private Sequence features(List<?> steps) throws UnreadableRow {
        return switch (form) {
            case IDS, FEATURE_ROWS, FEATURE_STRUCTS, FEATURE_VECTORS -> ofSteps(steps);
            case NUMBERS, VECTOR -> inputWidth > 1 ? ofSteps(steps) : ofNumbers(typed(steps));
            case ID_WORDS, FEATURE_TEXT -> ofText(typed(steps));
            default -> throw new IllegalStateException("holds tokens: " + form);
        };
    }

    /** Numbers in one list as steps: of the model's width if it reads several numbers a step. */
    private List<?> flatOrSingle(List<? extends Number> numbers) throws UnreadableRow {
        return readsFlatRows() ? flat(numbers) : numbers;
    }

    /** Numbers in one list as steps of the model's width. */
    private List<List<Number>> flat(List<? extends Number> numbers) throws UnreadableRow {
        if (numbers.size() % inputWidth != 0) {
            throw new UnreadableRow(
                    RowDefect.code(Defect.Kind.WRONG_INPUT),
                    String.format(
                            Locale.ROOT,
                            "it holds %d numbers, no multiple of the %d features that the model reads a step",
                            numbers.size(),
                            inputWidth));
        }
        List<List<Number>> steps = new ArrayList<>(numbers.size() / inputWidth);
        for (int from = 0; from < numbers.size(); from += inputWidth) {
            steps.add(Collections.unmodifiableList(numbers.subList(from, from + inputWidth)));
        }
        return steps;
    }

    private Sequence ofIds(int[] ids) {
        int[] whole = boundaries.around(ids);
        return kind == InputKind.FEATURES ? Sequence.ofNumbers(whole) : Sequence.ofTokens(whole);
    }

    /** The words of a text; null for an element of a list that is null. */
    private List<String> split(String text) throws UnreadableRow {
        return splitter.isList() ? TextList.flat(text) : Arrays.asList(splitter.split(text));
    }

    /** The features of each step in a text; without {@code input.splitter = list} a step has one. */
    private List<List<String>> rows(String text) throws UnreadableRow {
        return splitter.isList()
                ? TextList.rows(text)
                : Arrays.stream(splitter.split(text)).map(List::of).toList();
    }

    /** The features of each step, whose text is a list of them, or one. */
    private List<List<String>> rows(List<String> texts) throws UnreadableRow {
        List<List<String>> rows = new ArrayList<>();
        for (String text : texts) {
            rows.add(text == null || inputWidth == 1 ? Collections.singletonList(text) : TextList.flat(text));
        }
        return rows;
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
        return narrowed(Arrays.asList(ids));
    }

    private int[] wholeIds(List<? extends Number> all) throws UnreadableRow {
        Long[] ids = new Long[all.size()];
        for (int step = 0; step < ids.length; step++) {
            Number number = all.get(step);
            ids[step] = number == null ? null : whole(number, step);
        }
        return narrowed(Arrays.asList(ids));
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

    private int[] narrowed(List<? extends Number> numbers) throws UnreadableRow {
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

    private Ids lookUp(List<String> words) throws UnreadableRow {
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

    private static Sequence ofNumbers(List<? extends Number> numbers) throws UnreadableRow {
        float[] features = new float[numbers.size()];
        double[] exact = new double[features.length];
        int step = 0;
        for (Number number : numbers) {
            features[step] = notNull(number, step).floatValue();
            exact[step] = number.doubleValue();
            step++;
        }
        return ofNumbers(features, exact);
    }

    /** One number for each step. Numbers that are all whole are tokens, too: likelihoods and ranks are about them. */
    private static Sequence ofNumbers(float[] features, double[] exact) {
        int[] tokens = new int[exact.length];
        for (int step = 0; step < exact.length; step++) {
            tokens[step] = (int) exact[step];
            if (Double.compare(tokens[step], exact[step]) != 0) {
                return Sequence.ofFeatures(features.length, features);
            }
        }
        return Sequence.ofNumbers(tokens);
    }

    /** A list of numbers, if the model reads one a step; or a list of rows of features. */
    private Sequence ofText(List<List<String>> rows) throws UnreadableRow {
        float[] features = new float[Math.multiplyExact(rows.size(), inputWidth)];
        double[] exact = new double[features.length];
        for (int step = 0; step < rows.size(); step++) {
            List<String> row = rows.get(step);
            requireWidth(row.size(), step);
            for (int k = 0; k < inputWidth; k++) {
                int at = step * inputWidth + k;
                String text = notNull(row.get(k), step);
                exact[at] = number(text, step);
                features[at] = Float.parseFloat(text); // not the double, which would be rounded twice
            }
        }
        return inputWidth == 1 ? ofNumbers(features, exact) : Sequence.ofFeatures(rows.size(), features);
    }

    private static double number(String text, int step) throws UnreadableRow {
        try {
            return Double.parseDouble(text);
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

    /** Each step has its features in one of the forms of {@link StepFeatures}. */
    private Sequence ofSteps(List<?> steps) throws UnreadableRow {
        float[] features = new float[Math.multiplyExact(steps.size(), inputWidth)];
        int step = 0;
        for (Object row : steps) {
            requireWidth(StepFeatures.width(notNull(row, step)), step);
            for (int k = 0; k < inputWidth; k++) {
                features[step * inputWidth + k] =
                        notNull(StepFeatures.get(row, k), step).floatValue();
            }
            step++;
        }
        return Sequence.ofFeatures(steps.size(), features);
    }

    private static <T> T notNull(T value, int step) throws UnreadableRow {
        if (value == null) {
            throw new UnreadableRow(
                    RowDefect.NULL_ELEMENT, String.format(Locale.ROOT, "the element at step %d is null", step));
        }
        return value;
    }
}
