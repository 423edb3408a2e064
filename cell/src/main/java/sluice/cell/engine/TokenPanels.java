package sluice.cell.engine;

import java.util.Arrays;
import java.util.List;
import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.LinearPanels;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;

/**
 * The first layer's weights, input and hidden state apart, for {@link TokenTable}s to be made from. Immutable, packed once for each
 * engine.
 */
final class TokenPanels {
    private final Embedding embedding;
    private final GatePanels[] hiddenOnly; // of each direction
    private final LinearPanels[] inputs; // the same

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

    /** How many bytes the starts of so many tokens take, of all directions. */
    long startBytes(int tokens) {
        return Arrays.stream(hiddenOnly)
                .mapToLong(gates -> gates.startBytes(tokens))
                .sum();
    }

    /** Bytes held. */
    long bytes() {
        return Arrays.stream(hiddenOnly).mapToLong(GatePanels::bytes).sum()
                + Arrays.stream(inputs).mapToLong(LinearPanels::bytes).sum();
    }
}
