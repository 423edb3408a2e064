package sluice.cell.engine;

import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.ScoreRequest;
import sluice.cell.SequenceRules;
import sluice.cell.SequenceScorer;
import sluice.cell.Windows;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.Kernels;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;

/**
 * A model ready for scoring: checked, its weights packed for a kernel. Immutable; shared by all threads of a JVM. Each thread
 * scores with its own {@link SequenceScorer}.
 */
public final class CompiledModel {
    private static final Logger LOG = LoggerFactory.getLogger(CompiledModel.class);

    /** Default limit of the first layer's lookup table, in bytes. */
    public static final long LOOK_UP_BYTES = 128L << 20;

    private final LstmModel model;
    private final InputKind input;
    private final KernelChoice choice;
    private final MemoryEstimate memory;
    private final PackedModel packed; // null for KernelChoice.REFERENCE, which reads the model itself

    private CompiledModel(LstmModel model, InputKind input, KernelChoice choice, long lookUpBytes) {
        this.model = model;
        this.input = input;
        this.choice = choice;
        this.memory = new MemoryEstimate(model);
        this.packed =
                choice == KernelChoice.REFERENCE ? null : new PackedModel(model, input, kernel(choice), lookUpBytes);
    }

    /** Compiles a model as {@link #compile(LstmModel, InputKind, KernelChoice, long)} does, with {@link #LOOK_UP_BYTES}. */
    public static CompiledModel compile(LstmModel model, InputKind input, KernelChoice choice) {
        return compile(model, input, choice, LOOK_UP_BYTES);
    }

    /**
     * Compiles a model.
     *
     * @param lookUpBytes largest size of the first layer's lookup table ({@code U x + b} of each token), in bytes. If the table of all
     *     tokens is larger, each thread builds one of its batch's tokens, or, if that is too large as well, multiplies each input.
     *     The bits of a score are the same in all three cases
     * @throws IllegalArgumentException if the model does not take this kind of input
     * @throws IllegalStateException if the chosen kernel cannot run in this JVM
     * @throws ModelException if its weights are so large that float32 could overflow, or if it was damaged in transit
     */
    public static CompiledModel compile(LstmModel model, InputKind input, KernelChoice choice, long lookUpBytes) {
        input.requireFit(model);
        model.verify();
        OverflowGuard.require(model);
        CompiledModel compiled = new CompiledModel(model, input, choice, lookUpBytes);
        // The scalar kernel can cost hours, and a cluster may log warnings only.
        LOG.atLevel(choice == KernelChoice.AUTO && !Kernels.vectorRuns() ? Level.WARN : Level.INFO)
                .log("kernel {}: {}; {} bytes packed", compiled.kernelReason(), model, compiled.bytes());
        return compiled;
    }

    /**
     * Makes the checks of {@link #compile} and {@link #scorer(ScoreRequest)} without compiling, for a driver that scores nothing itself.
     *
     * @throws IllegalArgumentException if the model does not take this kind of input, or cannot answer the request
     * @throws ModelException if its weights are so large that float32 could overflow
     */
    public static void requireScorable(LstmModel model, InputKind input, ScoreRequest request) {
        input.requireFit(model);
        OverflowGuard.require(model);
        request.requireAnswerableBy(model);
        requireWindows(model, input, request);
    }

    private static void requireWindows(LstmModel model, InputKind input, ScoreRequest request) {
        if (request.windows().isEmpty()) {
            return;
        }
        Windows windows = request.windows().get();
        windows.requirePadding(model, input);
        int most = new SequenceRules(model, input, request.ofOneWindow(true, true)).maxLength();
        if (windows.length() > most) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT, "a window of %d steps: expected at most %d for this model", windows.length(), most));
        }
    }

    public LstmModel model() {
        return model;
    }

    public InputKind input() {
        return input;
    }

    /** The chosen kernel, by the name that {@code scoring.kernel} has for it. */
    public String kernelName() {
        return choice == KernelChoice.REFERENCE ? "reference" : kernel(choice).name();
    }

    private String kernelReason() {
        return choice == KernelChoice.AUTO ? "%s (%s)".formatted(kernelName(), Kernels.reason()) : kernelName();
    }

    /** The checks that a sequence must pass to be scored for this request. */
    public SequenceRules rules(ScoreRequest request) {
        return new SequenceRules(model, input, request);
    }

    /**
     * An empty cache of answers to one request, to be shared by the scorers of several threads. With windows it holds the answers of
     * windows.
     *
     * @param mostBytes limit of the cache, in bytes; 0 disables it
     */
    public AnswerCache answerCache(ScoreRequest request, long mostBytes) {
        ScoreRequest cached = request.windows().isEmpty() ? request : request.ofOneWindow(true, true);
        return new AnswerCache(model.fingerprint(), request, sequence -> memory.bytes(cached, sequence), mostBytes);
    }

    /** A scorer for one thread, without a cache of answers. */
    public SequenceScorer scorer(ScoreRequest request) {
        return scorer(answerCache(request, 0));
    }

    /**
     * A scorer for one thread.
     *
     * @param answers a cache that this model has made; the scorer answers the cache's request, reads the cache and adds to it
     * @throws IllegalArgumentException if the model cannot answer the request, or if the cache holds another model's answers
     */
    public SequenceScorer scorer(AnswerCache answers) {
        if (!answers.model().equals(model.fingerprint())) {
            throw new IllegalArgumentException("a cache of answers of the model %s: expected one of the model %s"
                    .formatted(answers.model(), model.fingerprint()));
        }
        ScoreRequest request = answers.request();
        request.requireAnswerableBy(model);
        requireWindows(model, input, request);
        return request.windows().isEmpty()
                ? scorer(request, answers)
                : new WindowScorer(
                        rules(request), request, model.inputWidth(), memory, ofWindows -> scorer(ofWindows, answers));
    }

    private SequenceScorer scorer(ScoreRequest request, AnswerCache answers) {
        return choice == KernelChoice.REFERENCE
                ? new ReferenceScorer(model, input, rules(request), request, memory)
                : new EngineScorer(packed, kernel(choice), rules(request), request, answers, memory);
    }

    private static Kernel kernel(KernelChoice choice) {
        return switch (choice) {
            case AUTO -> Kernels.fastest();
            case VECTOR -> Kernels.vector();
            case SCALAR -> Kernels.scalar();
            case REFERENCE -> throw new AssertionError("the reference has no kernel");
        };
    }

    /** Size of the packed weights and lookup tables, in bytes, without the model itself. */
    public long bytes() {
        return packed == null ? 0 : packed.bytes();
    }

    /**
     * Whether a state can overflow while a sequence is scored, so that a sequence that passes the {@linkplain #rules rules} may still
     * be unscorable.
     */
    public boolean mayOverflow() {
        return OverflowGuard.mayOverflow(model);
    }
}
