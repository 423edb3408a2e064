package sluice.cell.online;

import java.util.Locale;
import sluice.cell.AnswerWidths;
import sluice.cell.OutputKind;
import sluice.cell.ScoredSequence;

/** The output kinds that are one vector of float32 at the last step. */
final class Vectors {
    private Vectors() {}

    /**
     * Numbers in the vector.
     *
     * @throws IllegalArgumentException if the kind is not a vector
     */
    static int width(OutputKind kind, AnswerWidths widths) {
        return switch (kind) {
            case SOFTMAX, LOGITS, SIGMOID -> widths.classes();
            case HIDDEN -> widths.hidden();
            case CELL -> widths.cell();
            default ->
                throw new IllegalArgumentException(
                        "%s is not a vector: choose softmax, logits, sigmoid, hidden or cell, or call topK, logProbability or rank"
                                .formatted(name(kind)));
        };
    }

    /** The vector in an answer at the last step; not a copy. */
    static float[] of(ScoredSequence answer, OutputKind kind) {
        return of(answer, kind, 0);
    }

    /** The vector in an answer, by the index of its step; not a copy. */
    static float[] of(ScoredSequence answer, OutputKind kind, int step) {
        return switch (kind) {
            case SOFTMAX -> answer.softmax()[step];
            case LOGITS -> answer.logits()[step];
            case SIGMOID -> answer.sigmoid()[step];
            case HIDDEN -> answer.hidden()[step];
            case CELL -> answer.cell()[step];
            default -> throw new AssertionError(kind);
        };
    }

    static void copy(float[] vector, float[] result) {
        System.arraycopy(vector, 0, result, 0, vector.length);
    }

    /** @throws IllegalArgumentException if the kind is not a vector, or the array is too small for it */
    static void requireRoom(OutputKind kind, AnswerWidths widths, float[] result) {
        int width = width(kind, widths);
        if (result.length < width) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "an array of %d numbers for %s: expected at least %d, Scorer.width of this kind",
                    result.length,
                    name(kind),
                    width));
        }
    }

    private static String name(OutputKind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }
}
