package sluice.cell.model;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** One layer: a single direction, forward or backward, or two directions whose outputs are merged. */
public final class LstmLayer implements Serializable {
    private static final long serialVersionUID = 1L;

    private final LstmDirection[] directions;
    private final Merge merge;

    private LstmLayer(Merge merge, LstmDirection... directions) {
        this.directions = directions;
        this.merge = merge;
    }

    /** How the outputs of two directions are merged; the names follow Keras' {@code merge_mode}. */
    public enum Merge {
        /** The forward output followed by the backward output. */
        CONCAT,
        /** Their sum, unit by unit. */
        SUM,
        /** Their product, unit by unit. */
        MUL,
        /** Half their sum, unit by unit. */
        AVERAGE
    }

    /** A layer of one direction. */
    public static LstmLayer of(LstmDirection direction) {
        return new LstmLayer(Merge.CONCAT, direction);
    }

    /**
     * A bidirectional layer (Schuster and Paliwal 1997): its output at a step is the forward output at that step followed by
     * the backward one.
     */
    public static LstmLayer bidirectional(LstmDirection forward, LstmDirection backward) {
        return bidirectional(forward, backward, Merge.CONCAT);
    }

    /**
     * A bidirectional layer with this merge of the outputs.
     *
     * @throws ModelException if the directions read inputs of different widths, or if the merge needs equal widths of the outputs and
     *     they differ
     */
    public static LstmLayer bidirectional(LstmDirection forward, LstmDirection backward, Merge merge) {
        if (forward.reversed() || !backward.reversed()) {
            throw new ModelException("a bidirectional layer takes a forward direction, then a backward one");
        }
        if (forward.inputWidth() != backward.inputWidth()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the directions of a layer read inputs of width %d and %d: expected the same",
                    forward.inputWidth(),
                    backward.inputWidth()));
        }
        if (merge != Merge.CONCAT && forward.outputWidth() != backward.outputWidth()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "directions with outputs of width %d and %d can't be merged by %s: expected the same",
                    forward.outputWidth(),
                    backward.outputWidth(),
                    merge));
        }
        return new LstmLayer(merge, forward, backward);
    }

    /** One direction, or forward then backward. */
    public List<LstmDirection> directions() {
        return List.of(directions);
    }

    /** I. */
    public int inputWidth() {
        return directions[0].inputWidth();
    }

    /** How the outputs of two directions become one; {@link Merge#CONCAT} for a single direction. */
    public Merge merge() {
        return merge;
    }

    /** Width of the output: P, or for concatenated directions the sum of both P. */
    public int outputWidth() {
        return merge != Merge.CONCAT
                ? directions[0].outputWidth()
                : Arrays.stream(directions).mapToInt(LstmDirection::outputWidth).sum();
    }

    /** Whether it has a backward direction. */
    public boolean looksAhead() {
        return Arrays.stream(directions).anyMatch(LstmDirection::reversed);
    }

    /** {@code 64}, {@code 64 + 64 backward} and so on, for messages. */
    @Override
    public String toString() {
        String merged = merge == Merge.CONCAT ? "" : " merged by " + merge;
        return Arrays.stream(directions).map(LstmLayer::text).collect(Collectors.joining(" + ")) + merged;
    }

    private static String text(LstmDirection direction) {
        return direction.hiddenWidth()
                + direction.projection().map(p -> " -> " + p.rows()).orElse("")
                + (direction.reversed() ? " backward" : "")
                + (direction.variant().isPlain() ? "" : " (" + direction.variant() + ")");
    }
}
