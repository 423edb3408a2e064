package sluice.cell.model;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** One layer: a single direction, or two whose outputs stand side by side, in the order given. */
public final class LstmLayer implements Serializable {
    private static final long serialVersionUID = 1L;

    private final LstmDirection[] directions;

    private LstmLayer(LstmDirection... directions) {
        this.directions = directions;
    }

    /** A layer that reads its sequence one way. */
    public static LstmLayer of(LstmDirection direction) {
        return new LstmLayer(direction);
    }

    /**
     * A layer that reads its sequence both ways (Schuster and Paliwal 1997): its output at a step is the forward output at
     * that step followed by the backward one.
     */
    public static LstmLayer bidirectional(LstmDirection forward, LstmDirection backward) {
        if (forward.reversed() || !backward.reversed()) {
            throw new ModelException("a bidirectional layer takes a forward direction, then a backward one");
        }
        if (forward.inputWidth() != backward.inputWidth()) {
            throw new ModelException("the directions of a layer read inputs of width %d and %d: expected the same"
                    .formatted(forward.inputWidth(), backward.inputWidth()));
        }
        return new LstmLayer(forward, backward);
    }

    /** One direction, or forward then backward. */
    public List<LstmDirection> directions() {
        return List.of(directions);
    }

    /** I. */
    public int inputWidth() {
        return directions[0].inputWidth();
    }

    /** The width of what the next layer sees: P, or the sum of both directions' P. */
    public int outputWidth() {
        return Arrays.stream(directions).mapToInt(LstmDirection::outputWidth).sum();
    }

    /** Whether any direction reads from the last token to the first. */
    public boolean looksAhead() {
        return Arrays.stream(directions).anyMatch(LstmDirection::reversed);
    }

    /** {@code 64}, {@code 64 + 64} and such, as messages show it. */
    @Override
    public String toString() {
        return Arrays.stream(directions)
                .map(direction -> direction.hiddenWidth()
                        + direction.projection().map(p -> " -> " + p.rows()).orElse("")
                        + (direction.reversed() ? " backward" : ""))
                .collect(Collectors.joining(" + "));
    }
}
