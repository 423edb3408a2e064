package sluice.cell.engine;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.ScoreRequest;
import sluice.cell.SequenceRules;
import sluice.cell.SequenceScorer;
import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.Kernels;
import sluice.cell.kernel.LinearPanels;
import sluice.cell.kernel.VariantEquations;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;

/**
 * A model made ready for scoring: checked, its weights packed. Immutable, shared by all threads of a virtual machine; each
 * thread scores with a {@link SequenceScorer} of its own.
 */
public final class CompiledModel {
    private static final Logger LOG = LoggerFactory.getLogger(CompiledModel.class);

    /** How large the first layer's table of pre-activations may be, unless it is said. */
    public static final long LOOK_UP_BYTES = 128L << 20;

    private final LstmModel model;
    private final InputKind input;
    private final KernelChoice choice;
    private final long lookUpBytes;
    private final MemoryEstimate footprint;
    private final GatePanels[] gates; // as LstmModel.directions(); none for the oracle
    private final VariantEquations[] variants; // the same, null where a direction's cell is plain
    private final LinearPanels[] projections; // the same, null where a direction has none
    private final LinearPanels output; // or null
    private final TokenPanels tokenPanels; // for an embedding too large to be looked up as a whole, else null
    private final boolean looksUp; // whether the first layer finds its inputs' part of every pre-activation in a table

    private CompiledModel(LstmModel model, InputKind input, KernelChoice choice, long lookUpBytes) {
        this.model = model;
        this.input = input;
        this.choice = choice;
        this.lookUpBytes = lookUpBytes;
        this.footprint = new MemoryEstimate(model);
        List<LstmDirection> directions = choice == KernelChoice.REFERENCE ? List.of() : model.directions();
        this.gates = new GatePanels[directions.size()];
        this.variants = new VariantEquations[directions.size()];
        this.projections = new LinearPanels[directions.size()];
        this.looksUp = tableFits();
        int inFirstLayer = model.layers().get(0).directions().size();
        for (int at = 0; at < gates.length; at++) {
            LstmDirection direction = directions.get(at);
            gates[at] = looksUp && at < inFirstLayer ? lookUp(direction) : GatePanels.of(direction);
            variants[at] =
                    direction.variant().isPlain() ? null : new VariantEquations(direction, SequenceRules.MAX_STATE);
            projections[at] = direction
                    .projection()
                    .map(matrix -> LinearPanels.of(matrix, new float[matrix.rows()]))
                    .orElse(null);
        }
        boolean byTokensAtHand = gates.length > 0 && input == InputKind.EMBEDDING && !looksUp;
        this.tokenPanels = byTokensAtHand
                ? new TokenPanels(model.embedding().orElseThrow(), directions.subList(0, inFirstLayer))
                : null;
        this.output = gates.length == 0
                ? null
                : model.output()
                        .map(layer -> LinearPanels.of(layer.weights(), layer.bias()))
                        .orElse(null);
    }

    /**
     * Where the input is a token, {@code U x_t + b} depends on it alone and can be looked up. One-hot input is such a table already;
     * an embedding's is made where it fits.
     */
    private boolean tableFits() {
        long bytes = 0;
        for (LstmDirection direction : model.layers().get(0).directions()) {
            bytes += GatePanels.startBytes(model.tokens(), direction);
        }
        return input == InputKind.ONE_HOT || (input == InputKind.EMBEDDING && bytes <= lookUpBytes);
    }

    private GatePanels lookUp(LstmDirection direction) {
        return input == InputKind.ONE_HOT
                ? GatePanels.oneHot(direction)
                : GatePanels.lookUp(direction, model.embedding().orElseThrow(), kernel());
    }

    /** Makes a model ready, as {@link #compile(LstmModel, InputKind, KernelChoice, long)} with {@link #LOOK_UP_BYTES}. */
    public static CompiledModel compile(LstmModel model, InputKind input, KernelChoice choice) {
        return compile(model, input, choice, LOOK_UP_BYTES);
    }

    /**
     * Makes a model ready.
     *
     * @param lookUpBytes how large a table of the first layer's part {@code U x + b} of every token may be; where it would be larger,
     *     each thread makes one of the tokens at hand, no larger, or multiplies every input: to the same bits
     * @throws IllegalArgumentException where the model can't be fed so
     * @throws IllegalStateException where the chosen kernel can't run in this virtual machine
     * @throws ModelException where its weights are so large that float32 could overflow, or it arrived damaged
     */
    public static CompiledModel compile(LstmModel model, InputKind input, KernelChoice choice, long lookUpBytes) {
        input.requireFit(model);
        model.verify();
        OverflowGuard.require(model);
        CompiledModel compiled = new CompiledModel(model, input, choice, lookUpBytes);
        // A cluster's log may begin at warnings, and this one costs hours.
        LOG.atLevel(choice == KernelChoice.AUTO && !Kernels.vectorRuns() ? Level.WARN : Level.INFO)
                .log("kernel {}: {}; {} bytes packed", compiled.kernelReason(), model, compiled.bytes());
        return compiled;
    }

    /**
     * Checks what {@link #compile} and {@link #scorer} would refuse, without compiling: for a driver that has nothing to score.
     *
     * @throws IllegalArgumentException where the model can't be fed so, or can't answer the request
     * @throws ModelException where its weights are so large that float32 could overflow
     */
    public static void requireScorable(LstmModel model, InputKind input, ScoreRequest request) {
        input.requireFit(model);
        OverflowGuard.require(model);
        request.requireAnswerableBy(model);
    }

    public LstmModel model() {
        return model;
    }

    public InputKind input() {
        return input;
    }

    /** The kernel that was chosen, as {@code scoring.kernel} names it. */
    public String kernelName() {
        return choice == KernelChoice.REFERENCE ? "reference" : kernel().name();
    }

    private String kernelReason() {
        return choice == KernelChoice.AUTO ? "%s (%s)".formatted(kernelName(), Kernels.reason()) : kernelName();
    }

    /** What sequences must be for this request. */
    public SequenceRules rules(ScoreRequest request) {
        return new SequenceRules(model, input, request);
    }

    /**
     * What the scorers of several threads keep of their answers to one request: so far none.
     *
     * @param mostBytes how much they may keep, all together; 0: nothing
     */
    public AnswerCache knownAnswers(ScoreRequest request, long mostBytes) {
        return new AnswerCache(
                model.fingerprint(), request, sequence -> footprint.bytes(request, sequence.length()), mostBytes);
    }

    /** A scorer for one thread that remembers nothing from batch to batch, as {@link #scorer(KnownAnswers)} makes one. */
    public SequenceScorer scorer(ScoreRequest request) {
        return scorer(knownAnswers(request, 0));
    }

    /**
     * A scorer for one thread.
     *
     * @param known answers to the request that it scores for, from this model; it adds its own
     * @throws IllegalArgumentException where the model can't answer the request, or another model has answered
     */
    public SequenceScorer scorer(AnswerCache known) {
        if (!known.model().equals(model.fingerprint())) {
            throw new IllegalArgumentException(
                    "answers of the model %s, expected those of %s".formatted(known.model(), model.fingerprint()));
        }
        known.request().requireAnswerableBy(model);
        return choice == KernelChoice.REFERENCE
                ? new ReferenceScorer(this, known.request())
                : new EngineScorer(this, kernel(), known);
    }

    private Kernel kernel() {
        return switch (choice) {
            case AUTO -> Kernels.fastest();
            case VECTOR -> Kernels.vector();
            case SCALAR -> Kernels.scalar();
            case REFERENCE -> throw new AssertionError("the oracle has no kernel");
        };
    }

    /** Bytes of packed weights, beside the model itself. */
    public long bytes() {
        long bytes = (output == null ? 0 : output.bytes()) + (tokenPanels == null ? 0 : tokenPanels.bytes());
        for (int at = 0; at < gates.length; at++) {
            bytes += gates[at].bytes() + (projections[at] == null ? 0 : projections[at].bytes());
        }
        return bytes;
    }

    MemoryEstimate footprint() {
        return footprint;
    }

    GatePanels gates(int direction) {
        return gates[direction];
    }

    /** Whether the first layer takes a token as a row of its start, and multiplies no input. */
    boolean looksUp() {
        return looksUp;
    }

    /** For one thread, where the first layer's whole table would be too large; else null. */
    TokenTable tokenTable(Kernel kernel) {
        return tokenPanels == null ? null : new TokenTable(tokenPanels, kernel, lookUpBytes);
    }

    /** Or null where this direction's cell is plain. */
    VariantEquations variant(int direction) {
        return variants[direction];
    }

    /** Whether states may overflow while a sequence is read. */
    public boolean mayOverflow() {
        return Arrays.stream(variants).anyMatch(Objects::nonNull);
    }

    /** Or null where this direction has none. */
    LinearPanels projection(int direction) {
        return projections[direction];
    }

    /** Or null where the model has none. */
    LinearPanels output() {
        return output;
    }
}
