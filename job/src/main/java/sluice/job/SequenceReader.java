package sluice.job;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.Row;
import sluice.cell.Defect;
import sluice.cell.InputKind;
import sluice.cell.LstmState;
import sluice.cell.Sequence;

/** Reads the sequence out of a row, and the state that it goes on from. Immutable, sent to the executors. */
final class SequenceReader implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int column;
    private final StateColumn state; // or null
    private final SequenceForm form;
    private final InputKind kind;
    private final int inputWidth;
    private final Vocabulary vocabulary; // or null
    private final Integer unknownId; // or null
    private final Splitter splitter;
    private final int minLength;
    private final int maxLength;

    SequenceReader(InputPlan plan, Settings.Input settings, int inputWidth) {
        this.column = plan.column();
        this.state = plan.state().orElse(null);
        this.form = plan.form();
        this.kind = plan.kind();
        this.inputWidth = inputWidth;
        this.vocabulary = form.needsVocabulary() ? plan.vocabulary().orElseThrow() : null;
        this.unknownId = unknownId(settings, vocabulary);
        this.splitter = settings.splitter();
        this.minLength = settings.minLength();
        this.maxLength = settings.maxLength() == 0 ? Integer.MAX_VALUE : settings.maxLength();
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

    /** A sequence, or why there is none: one of both is null. */
    record Reading(Sequence sequence, RowDefect defect) {
        static Reading of(Sequence sequence) {
            return new Reading(sequence, null);
        }

        static Reading defect(RowDefect defect) {
            return new Reading(null, defect);
        }
    }

    /** {@code token ids} and such, as messages say it. */
    String expected() {
        return form.toString();
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
            case WORDS -> Sequence.ofTokens(look(words(row.getList(column))));
            case TEXT -> Sequence.ofTokens(look(splitter.split(row.getString(column))));
            case NUMBERS -> ofNumbers(row.getList(column));
            case FEATURE_ROWS -> ofRows(row.getList(column));
        };
    }

    private Sequence ofIds(int[] ids) {
        return kind == InputKind.FEATURES ? Sequence.ofNumbers(ids) : Sequence.ofTokens(ids);
    }

    private int[] ids(List<? extends Number> numbers) throws UnreadableRow {
        int[] ids = new int[checkLength(numbers.size())];
        int step = 0;
        for (Number number : numbers) {
            long id = notNull(number, step).longValue();
            if (id != (int) id) {
                throw new UnreadableRow(
                        RowDefect.code(Defect.Kind.TOKEN_OUT_OF_RANGE),
                        "token %d at step %d is beyond any model's vocabulary".formatted(id, step));
            }
            ids[step++] = (int) id;
        }
        return ids;
    }

    private String[] words(List<String> list) throws UnreadableRow {
        String[] words = new String[checkLength(list.size())];
        int step = 0;
        for (String word : list) {
            words[step] = notNull(word, step);
            step++;
        }
        return words;
    }

    private int[] look(String[] words) throws UnreadableRow {
        int[] ids = new int[checkLength(words.length)];
        for (int step = 0; step < ids.length; step++) {
            Integer id = vocabulary.id(words[step]);
            if (id == null && unknownId == null) {
                throw new UnreadableRow(
                        RowDefect.UNKNOWN_WORD,
                        "word '%s' at step %d is not in the vocabulary; input.unknown-word can name a word to stand for such"
                                .formatted(words[step], step));
            }
            ids[step] = id == null ? unknownId : id;
        }
        return ids;
    }

    private Sequence ofNumbers(List<? extends Number> numbers) throws UnreadableRow {
        float[] features = new float[checkLength(numbers.size())];
        int step = 0;
        for (Number number : numbers) {
            features[step] = notNull(number, step).floatValue();
            step++;
        }
        return Sequence.ofFeatures(features.length, features);
    }

    /** Rows come as Scala sequences, whose Java view is asked of Spark's own row. */
    private Sequence ofRows(List<scala.collection.Seq<? extends Number>> rows) throws UnreadableRow {
        int steps = checkLength(rows.size());
        float[] features = new float[Math.multiplyExact(steps, inputWidth)];
        int step = 0;
        for (scala.collection.Seq<? extends Number> row : rows) {
            if (notNull(row, step).length() != inputWidth) {
                throw new UnreadableRow(
                        RowDefect.code(Defect.Kind.WRONG_INPUT),
                        "step %d has %d features, the model reads %d".formatted(step, row.length(), inputWidth));
            }
            for (int k = 0; k < inputWidth; k++) {
                features[step * inputWidth + k] =
                        notNull((Number) row.apply(k), step).floatValue();
            }
            step++;
        }
        return Sequence.ofFeatures(steps, features);
    }

    private int checkLength(int length) throws UnreadableRow {
        if (length > maxLength) {
            throw new UnreadableRow(
                    RowDefect.TOO_LONG, "%d steps, input.max-length allows %d".formatted(length, maxLength));
        }
        if (length < minLength) {
            throw new UnreadableRow(
                    RowDefect.TOO_SHORT, "%d steps, input.min-length asks for %d".formatted(length, minLength));
        }
        return length;
    }

    private static <T> T notNull(T value, int step) throws UnreadableRow {
        if (value == null) {
            throw new UnreadableRow(RowDefect.NULL_ELEMENT, "the element at step %d is null".formatted(step));
        }
        return value;
    }
}
