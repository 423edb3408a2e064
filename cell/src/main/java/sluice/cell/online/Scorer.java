package sluice.cell.online;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import sluice.cell.AnswerWidths;
import sluice.cell.Defect;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.LstmState;
import sluice.cell.OutputKind;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceRules;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.LstmModel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;

/**
 * A trained model in a service. Safe for several threads; open it once and keep it.
 *
 * <p>An answer has the bits that the job writes at {@code --at last} for the same sequence, with the same settings of the model. A
 * sequence that arrives step by step has a {@link #session()}.
 *
 * <p>The caller gives the array of a result. For a model that reads forward only, a call then allocates nothing, once as many threads have
 * called at the same time as ever will; {@link #score(Sequence, OutputKind, float[])} reads a sequence that the caller has made. For a
 * model that reads backward, each call allocates the states of its sequence. With the vector kernel the JIT compiler may leave a few
 * vectors on the heap.
 */
public final class Scorer {
    private final CompiledModel compiled;
    private final List<String> notes;
    private final Requests requests;
    private final SequenceRules rules;
    private final SequenceRules targets;
    private final AnswerWidths widths;
    private final LstmState initial;
    private final boolean forward;
    private final boolean hasTargets; // whether next tokens have likelihoods
    private final Pool<StepScratch> scratches; // for a model that reads forward only
    private final Pool<WholeScratch> wholes; // for another one

    private Scorer(CompiledModel compiled, List<String> notes, Requests requests) {
        this.compiled = compiled;
        this.notes = notes;
        this.requests = requests;
        this.rules = compiled.rules(requests.last(OutputKind.HIDDEN));
        this.targets = compiled.rules(requests.targets());
        this.widths = new AnswerWidths(compiled.model());
        this.initial = LstmState.initial(compiled.model());
        this.forward = !compiled.model().looksAhead();
        this.hasTargets = widths.classes() > 1;
        this.scratches = new Pool<>(() -> new StepScratch(compiled, requests));
        this.wholes = new Pool<>(() -> new WholeScratch(compiled, requests));
    }

    /**
     * Opens a model file of any supported format. The format, the parts of the model and the kernel are found as the job finds them. A
     * model without an embedding reads one-hot tokens if it has as many inputs as classes, else numbers.
     *
     * @throws sluice.cell.model.ModelException if the content is not a usable model; the message begins with the file name
     * @throws IOException if the file can't be read
     */
    public static Scorer open(Path file) throws IOException {
        ModelFile read = ModelReader.read(file, TensorNames.automatic());
        return of(read.model(), InputKind.of(read.model()), KernelChoice.AUTO, read.notes());
    }

    /**
     * A scorer of a model that is {@linkplain ModelReader read} already, for example with names of tensors.
     *
     * @param kernel all but {@link KernelChoice#REFERENCE}
     * @throws IllegalArgumentException if the model does not take this kind of input, or for the reference kernel
     * @throws IllegalStateException if the kernel cannot run in this JVM
     */
    public static Scorer of(LstmModel model, InputKind input, KernelChoice kernel) {
        return of(model, input, kernel, List.of());
    }

    private static Scorer of(LstmModel model, InputKind input, KernelChoice kernel, List<String> notes) {
        if (kernel == KernelChoice.REFERENCE) {
            throw new IllegalArgumentException(
                    "the kernel reference is for audits of tables: choose auto, vector or scalar");
        }
        return new Scorer(CompiledModel.compile(model, input, kernel), notes, new Requests(1, 0));
    }

    /**
     * The same scorer with the setting {@code output.temperature}.
     *
     * @throws IllegalArgumentException if it is not a finite number above 0
     */
    public Scorer withTemperature(float temperature) {
        return new Scorer(compiled, notes, new Requests(temperature, requests.firstClass()));
    }

    /**
     * The same scorer with the setting {@code output.first-class}: class k is token {@code k + first}.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Scorer withFirstClass(int first) {
        return new Scorer(compiled, notes, new Requests(requests.temperature(), first));
    }

    public LstmModel model() {
        return compiled.model();
    }

    /** How the file was understood, in sentences; what is assumed is said here. Empty for a model that was not read by {@link #open}. */
    public List<String> notes() {
        return notes;
    }

    /**
     * Numbers in a result of this kind.
     *
     * @param kind softmax, logits, sigmoid, hidden or cell
     * @throws IllegalArgumentException if it is another one
     */
    public int width(OutputKind kind) {
        return Vectors.width(kind, widths);
    }

    /**
     * Scores a sequence of tokens, or of whole numbers for a model that reads one number a step.
     *
     * @param kind softmax, logits, sigmoid, hidden or cell: the answer after the last token
     * @param result receives {@link #width} numbers; not written if there is an exception
     * @throws UnscorableException if the sequence cannot be scored
     * @throws IllegalArgumentException if the model has no such output, or the array is too small
     */
    public void score(int[] tokens, OutputKind kind, float[] result) {
        Vectors.requireRoom(kind, widths, result);
        require(rules.checkTokens(tokens, 0));
        if (!forward) {
            scoreWhole(sequence(tokens), kind, result);
            return;
        }
        StepScratch scratch = scratches.take();
        initial.copyInto(scratch.state);
        requireReturning(scratch, scratch.steps.read(tokens, scratch.state, 0));
        scratch.write(scratch.state, kind, result);
        scratches.giveBack(scratch);
    }

    /**
     * Scores a sequence of tokens, features or several inputs, from the start state that it may have.
     *
     * @param kind as for tokens
     * @param result as for tokens
     * @throws UnscorableException if the sequence cannot be scored
     * @throws IllegalArgumentException if the model has no such output, or the array is too small
     */
    public void score(Sequence sequence, OutputKind kind, float[] result) {
        Vectors.requireRoom(kind, widths, result);
        require(rules.check(sequence));
        if (!forward) {
            scoreWhole(sequence, kind, result);
            return;
        }
        StepScratch scratch = read(sequence);
        scratch.write(scratch.state, kind, result);
        scratches.giveBack(scratch);
    }

    /** Reads a sequence into the state of a scratch, which the caller gives back. */
    private StepScratch read(Sequence sequence) {
        StepScratch scratch = scratches.take();
        sequence.start().orElse(initial).copyInto(scratch.state);
        requireReturning(scratch, scratch.steps.read(sequence, scratch.state, 0));
        return scratch;
    }

    private void requireReturning(StepScratch scratch, Optional<Defect> defect) {
        if (defect.isPresent()) {
            scratches.giveBack(scratch);
            throw new UnscorableException(defect.get());
        }
    }

    private void scoreWhole(Sequence sequence, OutputKind kind, float[] result) {
        WholeScratch scratch = wholes.take();
        ScoredSequence answer = scratch.score(sequence, kind);
        wholes.giveBack(scratch);
        require(answer.defect());
        Vectors.copy(Vectors.of(answer, kind), result);
    }

    private Sequence sequence(int[] tokens) {
        return compiled.input().takesTokens() ? Sequence.ofTokens(tokens) : Sequence.ofNumbers(tokens);
    }

    /**
     * The most probable classes after the last step, best first; on a tie the lower one first. The first is the prediction.
     *
     * @param classes receives as many as fit, as tokens; at most the number of classes. A call with another number than the one before
     *     allocates
     * @param probabilities receives theirs
     * @throws UnscorableException if the sequence cannot be scored
     * @throws IllegalArgumentException if the model has fewer classes, or the second array is smaller
     */
    public void topK(Sequence sequence, int[] classes, float[] probabilities) {
        requireTop(classes, probabilities);
        require(rules.check(sequence));
        if (!forward) {
            WholeScratch scratch = wholes.take();
            ScoredSequence answer = scratch.top(sequence, classes.length);
            wholes.giveBack(scratch);
            require(answer.defect());
            copyTop(answer, classes, probabilities);
            return;
        }
        StepScratch scratch = read(sequence);
        copyTop(scratch.top(scratch.state, classes.length), classes, probabilities);
        scratches.giveBack(scratch);
    }

    static void requireTop(int[] classes, float[] probabilities) {
        if (probabilities.length < classes.length) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "an array of %d probabilities for %d classes: expected one for each",
                    probabilities.length,
                    classes.length));
        }
    }

    void copyTop(ScoredSequence answer, int[] classes, float[] probabilities) {
        for (int place = 0; place < classes.length; place++) {
            classes[place] = answer.topTokens()[0][place] + requests.firstClass();
            probabilities[place] = answer.topProbabilities()[0][place];
        }
    }

    /**
     * A sequence without steps, to which steps are pushed.
     *
     * @throws IllegalArgumentException if the model reads backward, so that no step has an answer before the last one has arrived
     */
    public Session session() {
        compiled.requireStepwise();
        return new Session(this, initial);
    }

    /**
     * A sequence that continues from a state, for example one of {@link Session#state()} or of a table's column {@code state}.
     *
     * @throws UnscorableException if the state is not one of this model
     * @throws IllegalArgumentException if the model reads backward
     */
    public Session session(LstmState start) {
        compiled.requireStepwise();
        require(rules.checkStart(start));
        return new Session(this, start);
    }

    static void require(Optional<Defect> defect) {
        if (defect.isPresent()) {
            throw new UnscorableException(defect.get());
        }
    }

    /** @throws IllegalArgumentException if the model has no likelihoods */
    void requireTargets() {
        if (!hasTargets) {
            requests.targets().requireAnswerableBy(compiled.model());
        }
    }

    SequenceRules rules() {
        return rules;
    }

    SequenceRules targets() {
        return targets;
    }

    AnswerWidths widths() {
        return widths;
    }

    Pool<StepScratch> scratches() {
        return scratches;
    }
}
