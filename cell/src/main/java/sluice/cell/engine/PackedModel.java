package sluice.cell.engine;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import sluice.cell.InputKind;
import sluice.cell.SequenceRules;
import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.LinearPanels;
import sluice.cell.kernel.LinearRows;
import sluice.cell.kernel.VariantEquations;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;

/** A model's weights, packed in the layout that the kernels read. Immutable; shared by all scorers of a {@link CompiledModel}. */
final class PackedModel {
    private final LstmModel model;
    private final InputKind input;
    private final long lookUpBytes;
    private final GatePanels[] gates; // in the order of LstmModel.directions()
    private final VariantEquations[] variants; // in the same order, null for a plain cell
    private final LinearPanels[] projections; // in the same order, null for a direction without a projection
    private final LinearPanels output; // null for a model without an output layer
    private final LinearRows outputRows; // the model's own weights of the same layer; null as well
    private final TokenPanels
            tokenPanels; // set where the embedding's whole lookup table exceeds lookUpBytes, else null
    private final boolean looksUp;

    /**
     * @param kernel multiplies the embedding's rows where they make a lookup table
     * @param lookUpBytes largest size of a lookup table, in bytes
     */
    PackedModel(LstmModel model, InputKind input, Kernel kernel, long lookUpBytes) {
        this.model = model;
        this.input = input;
        this.lookUpBytes = lookUpBytes;
        List<LstmDirection> directions = model.directions();
        int inFirstLayer = model.layers().get(0).directions().size();
        this.gates = new GatePanels[directions.size()];
        this.variants = new VariantEquations[directions.size()];
        this.projections = new LinearPanels[directions.size()];
        this.looksUp = tableFits();
        for (int at = 0; at < gates.length; at++) {
            LstmDirection direction = directions.get(at);
            gates[at] = looksUp && at < inFirstLayer ? lookUp(direction, kernel) : GatePanels.of(direction);
            variants[at] =
                    direction.variant().isPlain() ? null : new VariantEquations(direction, SequenceRules.MAX_STATE);
            projections[at] = direction
                    .projection()
                    .map(matrix -> LinearPanels.of(matrix, new float[matrix.rows()]))
                    .orElse(null);
        }
        this.tokenPanels = input == InputKind.EMBEDDING && !looksUp
                ? new TokenPanels(model.embedding().orElseThrow(), directions.subList(0, inFirstLayer))
                : null;
        this.output = model.output()
                .map(layer -> LinearPanels.of(layer.weights(), layer.bias()))
                .orElse(null);
        this.outputRows = model.output().map(LinearRows::new).orElse(null);
    }

    /**
     * Whether the first layer's pre-activations are looked up by token. {@code U x_t + b} depends on the token alone: one-hot columns
     * of {@code U} are such a table already, and an embedding's table is computed if it fits {@code lookUpBytes}.
     */
    private boolean tableFits() {
        long bytes = 0;
        for (LstmDirection direction : model.layers().get(0).directions()) {
            bytes += GatePanels.startBytes(model.tokens(), direction);
        }
        return input == InputKind.ONE_HOT || (input == InputKind.EMBEDDING && bytes <= lookUpBytes);
    }

    private GatePanels lookUp(LstmDirection direction, Kernel kernel) {
        return input == InputKind.ONE_HOT
                ? GatePanels.oneHot(direction)
                : GatePanels.lookUp(direction, model.embedding().orElseThrow(), kernel);
    }

    LstmModel model() {
        return model;
    }

    InputKind input() {
        return input;
    }

    GatePanels gates(int direction) {
        return gates[direction];
    }

    /** Whether the first layer reads the pre-activations of a token from a lookup table of all tokens. */
    boolean looksUp() {
        return looksUp;
    }

    /** A lookup table of one batch's tokens for one thread; null unless the table of all tokens exceeds the limit. */
    TokenTable tokenTable(Kernel kernel) {
        return tokenPanels == null ? null : new TokenTable(tokenPanels, kernel, lookUpBytes);
    }

    /** Null for a plain cell. */
    VariantEquations variant(int direction) {
        return variants[direction];
    }

    /** Whether a state can exceed {@link SequenceRules#MAX_STATE} while a sequence is scored: only a variant's state can. */
    boolean mayOverflow() {
        return Arrays.stream(variants).anyMatch(Objects::nonNull);
    }

    /** Null for a direction without a projection. */
    LinearPanels projection(int direction) {
        return projections[direction];
    }

    /** Null for a model without an output layer. */
    LinearPanels output() {
        return output;
    }

    /** Null for a model without an output layer. */
    LinearRows outputRows() {
        return outputRows;
    }

    /** Size of the packed weights and lookup tables, in bytes. */
    long bytes() {
        long bytes = (output == null ? 0 : output.bytes()) + (tokenPanels == null ? 0 : tokenPanels.bytes());
        for (int at = 0; at < gates.length; at++) {
            bytes += gates[at].bytes() + (projections[at] == null ? 0 : projections[at].bytes());
        }
        return bytes;
    }
}
