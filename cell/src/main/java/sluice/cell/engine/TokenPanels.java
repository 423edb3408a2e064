package sluice.cell.engine;

import java.util.Arrays;
import java.util.List;
import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.LinearPanels;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;

/**
 * The first layer's weights, those of the input apart from those of the hidden state: the base of each thread's {@link TokenTable}.
 * Immutable, packed once for each model.
 */
final class TokenPanels {
    private final Embedding embedding;
    private final GatePanels[] hiddenOnly; // one for each direction
    private final LinearPanels[] inputs; // one for each direction

    TokenPanels(Embedding embedding, List<LstmDirection> directions) {
        this.embedding = embedding;
        this.hiddenOnly = directions.stream().map(GatePanels::hiddenOnly).toArray(GatePanels[]::new);
        this.inputs = directions.stream().map(GatePanels::inputs).toArray(LinearPanels[]::new);
    }

    Embedding embedding() {
        return embedding;
    }

    int directions() {
        return hiddenOnly.length;
    }

    GatePanels hiddenOnly(int direction) {
        return hiddenOnly[direction];
    }

    LinearPanels inputs(int direction) {
        return inputs[direction];
    }

    /** Bytes that a lookup table of so many tokens takes, for all directions. */
    long startBytes(int tokens) {
        return Arrays.stream(hiddenOnly)
                .mapToLong(gates -> gates.startBytes(tokens))
                .sum();
    }

    /** Size in bytes. */
    long bytes() {
        return Arrays.stream(hiddenOnly).mapToLong(GatePanels::bytes).sum()
                + Arrays.stream(inputs).mapToLong(LinearPanels::bytes).sum();
    }
}
