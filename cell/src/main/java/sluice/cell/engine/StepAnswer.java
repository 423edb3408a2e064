package sluice.cell.engine;

import sluice.cell.LstmState;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.answer.Answer;
import sluice.cell.answer.AnswerWriter;
import sluice.cell.answer.Nodes;
import sluice.cell.answer.OutputStage;
import sluice.cell.kernel.Kernel;

/**
 * Answers one request from the state of a sequence, by the output layer's stage of a batch with one node. Answers share their arrays, so
 * after the first one it allocates nothing. For one thread.
 */
public final class StepAnswer {
    private static final int ONE = 1;
    private static final Sequence TWO_STEPS = Sequence.ofTokens(0, 0); // the second is the target of the first

    private final int firstClass;
    private final int top;
    private final OutputStage outputs;
    private final AnswerWriter writer;
    private final Nodes nodes = Nodes.withLastingArrays();
    private final Answer answer;

    /** @throws IllegalArgumentException if the model cannot answer the request */
    StepAnswer(PackedModel packed, Kernel kernel, ScoreRequest request) {
        request.requireAnswerableBy(packed.model());
        this.firstClass = request.firstClass();
        this.top = packed.model().layers().size() - 1;
        this.outputs = new OutputStage(packed.output(), packed.outputRows(), kernel, request, ONE);
        this.writer = new AnswerWriter(request);
        this.answer = writer.allocate(TWO_STEPS);
    }

    /** What is computed from the output layer at this state, as the answer at the last step. Valid until the next call. */
    public ScoredSequence after(LstmState state) {
        nodes.clear();
        nodes.add(0, true);
        outputs.answer(nodes, state.hidden()[top]);
        writer.writeDistribution(answer, 0, nodes, 0);
        return answer;
    }

    /**
     * What is computed for the token that follows this state: its log-likelihood, and its rank if that is requested. Valid until the next
     * call.
     *
     * @param token one of the model's classes
     */
    public ScoredSequence ofTarget(LstmState state, int token) {
        nodes.clear();
        nodes.add(0, false);
        nodes.addChild(token - firstClass);
        outputs.answer(nodes, state.hidden()[top]);
        answer.logLikelihood = 0;
        answer.predictedTokens = 0;
        writer.writeTarget(answer, 0, nodes, 0);
        return answer;
    }
}
