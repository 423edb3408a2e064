package sluice.cell.online;

import java.util.Optional;
import sluice.cell.Defect;
import sluice.cell.LstmState;
import sluice.cell.OutputKind;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;

/**
 * One sequence that arrives step by step. It keeps the states of the model's layers only, so a service can have one for each user.
 *
 * <p>After n pushes an answer has the bits of the sequence of these n steps. Each call is atomic; a thread that must not let another one
 * push between two calls holds the session's monitor. A call allocates nothing, as described at {@link Scorer}.
 *
 * <p>A step that cannot be scored leaves the session as it was, unless a state has overflowed: then it has to be {@link #reset}.
 */
public final class Session {
    private final Scorer scorer;
    private final LstmState start;
    private final LstmState state;
    private final int[] token = new int[1];
    private long steps;
    private Optional<Defect> overflow = Optional.empty();

    /** @param start one of the scorer's model */
    Session(Scorer scorer, LstmState start) {
        this.scorer = scorer;
        this.start = start.copy();
        this.state = start.copy();
    }

    /**
     * Reads the next token, or the next whole number for a model that reads one number a step.
     *
     * @throws UnscorableException if the model has no such token, or its states overflow
     */
    public synchronized void push(int next) {
        requireState();
        token[0] = next;
        Scorer.require(scorer.rules().checkTokens(token, steps));
        StepScratch scratch = scorer.scratches().take();
        overflow = scratch.steps.read(token, state, steps);
        scorer.scratches().giveBack(scratch);
        steps++;
        requireState();
    }

    /**
     * Reads the next steps: tokens, features or several inputs. A sequence does not copy its arrays, so the same object may be pushed again
     * after its values have been replaced.
     *
     * @throws UnscorableException if a step cannot be read, or the states overflow
     */
    public synchronized void push(Sequence next) {
        requireState();
        if (next.start().isPresent()) {
            throw new UnscorableException(new Defect(
                    Defect.Kind.WRONG_STATE,
                    "a start state in pushed steps: the session has its own; give it to Scorer.session"));
        }
        Scorer.require(scorer.rules().check(next));
        StepScratch scratch = scorer.scratches().take();
        overflow = scratch.steps.read(next, state, steps);
        scorer.scratches().giveBack(scratch);
        steps += next.length();
        requireState();
    }

    /**
     * The answer after the last step; without steps, that of the start.
     *
     * @param kind softmax, logits, sigmoid, hidden or cell
     * @param result receives {@link Scorer#width} numbers
     * @throws IllegalArgumentException if the model has no such output, or the array is too small
     */
    public synchronized void answer(OutputKind kind, float[] result) {
        requireState();
        Vectors.requireRoom(kind, scorer.widths(), result);
        StepScratch scratch = scorer.scratches().take();
        scratch.write(state, kind, result);
        scorer.scratches().giveBack(scratch);
    }

    /** The most probable classes after the last step, as {@link Scorer#topK}. */
    public synchronized void topK(int[] classes, float[] probabilities) {
        requireState();
        Scorer.requireTop(classes, probabilities);
        StepScratch scratch = scorer.scratches().take();
        scorer.copyTop(scratch.top(state, classes.length), classes, probabilities);
        scorer.scratches().giveBack(scratch);
    }

    /**
     * The natural logarithm of the probability that this token comes next. The job's {@code logprob} is this number in float32, and its
     * {@code loglik} the sum over all tokens but the first.
     *
     * @throws UnscorableException if it is not one of the model's classes
     * @throws IllegalArgumentException if the model has no output layer, or one class
     */
    public synchronized double logProbability(int next) {
        StepScratch scratch = target(next);
        double logProbability = scratch.target(state, next).logLikelihood();
        scorer.scratches().giveBack(scratch);
        return logProbability;
    }

    /**
     * 1 + the number of classes that are strictly more probable to come next than this token: the job's {@code rank}.
     *
     * @throws UnscorableException if it is not one of the model's classes
     * @throws IllegalArgumentException if the model has no output layer, or one class
     */
    public synchronized int rank(int next) {
        StepScratch scratch = target(next);
        ScoredSequence target = scratch.target(state, next);
        int rank = target.ranks()[0];
        scorer.scratches().giveBack(scratch);
        return rank;
    }

    private StepScratch target(int next) {
        requireState();
        scorer.requireTargets();
        Scorer.require(scorer.targets().checkTarget(next, steps));
        return scorer.scratches().take();
    }

    /** A copy of the state, from which {@link Scorer#session(LstmState)} continues: the job's {@code state}. */
    public synchronized LstmState state() {
        requireState();
        return state.copy();
    }

    /** Number of steps that have been pushed. */
    public synchronized long steps() {
        return steps;
    }

    /** Returns to the state with which the session began. */
    public synchronized void reset() {
        start.copyInto(state);
        steps = 0;
        overflow = Optional.empty();
    }

    private void requireState() {
        Scorer.require(overflow);
    }
}
