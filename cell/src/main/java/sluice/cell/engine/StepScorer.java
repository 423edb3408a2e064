package sluice.cell.engine;

import java.util.Optional;
import java.util.OptionalInt;
import sluice.cell.Defect;
import sluice.cell.LstmState;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.kernel.Kernel;

/**
 * Reads one sequence step by step, from a state that the caller keeps. It consists of the same parts as the {@link TreeWalk} of a batch,
 * with a tree of one node, so a step has the same bits. After the first calls it allocates nothing. For one thread.
 *
 * <p>Callers check the steps by {@link CompiledModel#rules} before.
 */
public final class StepScorer {
    private static final int ONE = 1;

    private final PackedModel packed;
    private final Kernel kernel;
    private final FirstLayer firstLayer;
    private final LevelStates states;
    private final StepInputs stepInputs; // null for a model of tokens
    private final float[] inputs; // of one step, or empty
    private final boolean mayOverflow;

    StepScorer(PackedModel packed, Kernel kernel) {
        this.packed = packed;
        this.kernel = kernel;
        this.firstLayer = FirstLayer.withoutTokenTable(packed);
        this.states = new LevelStates(packed, kernel, ONE, OptionalInt.empty());
        this.stepInputs = packed.stepInputs();
        this.inputs = new float[stepInputs == null ? 0 : stepInputs.width()];
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
        states.put(0, state);
        for (int step = 0; step < steps.length(); step++) {
            states.nextLevel();
            if (stepInputs == null) {
                states.addNode(0, firstLayer, steps.tokens()[step]);
            } else {
                stepInputs.write(steps, step, inputs, 0);
                states.addNode(0, stepInputs.start(steps, step), 0);
            }
            states.step(firstLayer, inputs);
        }
        return end(state, before + steps.length());
    }

    /** The same for tokens, or for a model that reads one number a step, for tokens as numbers. */
    public Optional<Defect> read(int[] tokens, LstmState state, long before) {
        states.put(0, state);
        for (int token : tokens) {
            states.nextLevel();
            if (stepInputs == null) {
                states.addNode(0, firstLayer, token);
            } else {
                inputs[0] = token;
                states.addNode(0, 0, 0);
            }
            states.step(firstLayer, inputs);
        }
        return end(state, before + tokens.length);
    }

    private Optional<Defect> end(LstmState state, long length) {
        states.copy(0, state);
        return mayOverflow && states.overflown(0) ? Optional.of(OverflowGuard.overflow(length)) : Optional.empty();
    }
}
