package sluice.cell.engine;

import java.util.Optional;
import sluice.cell.Defect;
import sluice.cell.LstmState;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.kernel.Kernel;

/**
 * Reads one sequence, from a state that the caller keeps. A step has the same bits as in a {@link TreeWalk}. After the first calls it
 * allocates nothing. For one thread.
 *
 * <p>Callers check the steps by {@link CompiledModel#rules} before.
 */
public final class StepScorer {
    private final PackedModel packed;
    private final Kernel kernel;
    private final StepRun run;
    private final StepInputs stepInputs; // null for a model of tokens
    private final float[] inputs; // of a run, or empty
    private final boolean mayOverflow;

    StepScorer(PackedModel packed, Kernel kernel) {
        this.packed = packed;
        this.kernel = kernel;
        this.run = new StepRun(packed, kernel);
        run.warmUp();
        this.stepInputs = packed.stepInputs();
        this.inputs = new float[stepInputs == null ? 0 : Math.multiplyExact(StepRun.STEPS, stepInputs.width())];
        this.mayOverflow = packed.mayOverflow();
    }

    /** Answers one request from the states that steps have led to. For the same thread. */
    public StepAnswer answer(ScoreRequest request) {
        return new StepAnswer(packed, kernel, request);
    }

    /**
     * Reads all steps of a sequence; its own start state is not used.
     *
     * @param state the state before, replaced by the state after
     * @param before number of steps that led to it, for a message
     * @return {@link Defect.Kind#STATE_OVERFLOW} if a state has overflowed, so that the state after is of no use
     */
    public Optional<Defect> read(Sequence steps, LstmState state, long before) {
        run.clear();
        for (int step = 0; step < steps.length(); step++) {
            runIfFull(state);
            if (stepInputs == null) {
                run.addToken(steps.tokens()[step]);
            } else {
                stepInputs.write(steps, step, inputs, run.count() * stepInputs.width());
                run.addInput(stepInputs.start(steps, step));
            }
        }
        return end(state, before + steps.length());
    }

    /** The same for tokens, or for a model that reads one number a step, for tokens as numbers. */
    public Optional<Defect> read(int[] tokens, LstmState state, long before) {
        run.clear();
        for (int token : tokens) {
            runIfFull(state);
            if (stepInputs == null) {
                run.addToken(token);
            } else {
                inputs[run.count()] = token;
                run.addInput(0);
            }
        }
        return end(state, before + tokens.length);
    }

    private void runIfFull(LstmState state) {
        if (run.isFull()) {
            run.run(inputs, state);
            run.clear();
        }
    }

    private Optional<Defect> end(LstmState state, long length) {
        run.run(inputs, state);
        return mayOverflow && run.overflown() ? Optional.of(OverflowGuard.overflow(length)) : Optional.empty();
    }
}
