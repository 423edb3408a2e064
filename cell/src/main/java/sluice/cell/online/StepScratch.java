package sluice.cell.online;

import java.util.EnumMap;
import java.util.Map;
import sluice.cell.LstmState;
import sluice.cell.OutputKind;
import sluice.cell.ScoredSequence;
import sluice.cell.engine.CompiledModel;
import sluice.cell.engine.StepAnswer;
import sluice.cell.engine.StepScorer;

/** What a call needs beside the model and a state, for a model that reads forward only. For one thread. */
final class StepScratch {
    final StepScorer steps;
    final LstmState state; // of a sequence that is scored as a whole

    private final Requests requests;
    private final Map<OutputKind, StepAnswer> answers = new EnumMap<>(OutputKind.class);
    private StepAnswer targets; // null until first used
    private StepAnswer top; // of the number of classes below; null until first used
    private int topK;

    StepScratch(CompiledModel compiled, Requests requests) {
        this.steps = compiled.stepScorer();
        this.state = LstmState.initial(compiled.model()).copy();
        this.requests = requests;
    }

    /** Writes one kind of output at a state. */
    void write(LstmState at, OutputKind kind, float[] result) {
        int layer = at.hidden().length - 1;
        switch (kind) {
            case HIDDEN -> Vectors.copy(at.hidden()[layer], result);
            case CELL -> Vectors.copy(at.cell()[layer], result);
            default -> Vectors.copy(Vectors.of(answer(kind).after(at), kind), result);
        }
    }

    private StepAnswer answer(OutputKind kind) {
        StepAnswer known = answers.get(kind);
        if (known == null) {
            known = steps.answer(requests.last(kind));
            answers.put(kind, known);
        }
        return known;
    }

    /** The k best classes at a state; valid until the next call. */
    ScoredSequence top(LstmState at, int k) {
        if (top == null || topK != k) {
            top = steps.answer(requests.top(k));
            topK = k;
        }
        return top.after(at);
    }

    /** The likelihood and the rank of a token that follows a state; valid until the next call. */
    ScoredSequence target(LstmState at, int token) {
        if (targets == null) {
            targets = steps.answer(requests.targets());
        }
        return targets.ofTarget(at, token);
    }
}
