package sluice.cell.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import sluice.cell.ClassChoice;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;

/**
 * Answers about candidates, beside the softmax over all 10,000 classes: one token for each of 500 sequences and one small LSTM, so that the
 * output layer takes the time. The candidates' logits are compared with those of all classes first.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class CandidatesBenchmark {
    private static final int SEQUENCES = 500;
    private static final int WIDTH = 200;
    private static final int CLASSES = 10_000;

    @Param({"10", "100", "1000"})
    public int candidates;

    private List<Sequence> all;
    private List<Sequence> some;
    private SequenceScorer softmax;
    private SequenceScorer logits;
    private SequenceScorer ofCandidates;
    private SequenceScorer probabilities;

    @Setup
    public void prepare() {
        RandomWeights random = new RandomWeights(WIDTH);
        LstmModel model = new LstmModel(
                Optional.of(new Embedding(random.matrix(CLASSES, 8, 1))),
                List.of(LstmLayer.of(random.direction(8, WIDTH))),
                Optional.of(new OutputLayer(random.matrix(CLASSES, WIDTH, 1), random.floats(CLASSES, 1))));
        CompiledModel compiled = CompiledModel.compile(model, InputKind.EMBEDDING, KernelChoice.AUTO);
        softmax = compiled.scorer(new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.SOFTMAX), 1));
        logits = compiled.scorer(new ScoreRequest(Steps.LAST, EnumSet.of(OutputKind.LOGITS), 1));
        ofCandidates = compiled.scorer(ofCandidates(OutputKind.LOGITS));
        probabilities = compiled.scorer(ofCandidates(OutputKind.SOFTMAX));
        Random lists = new Random(WIDTH);
        all = new ArrayList<>();
        some = new ArrayList<>();
        for (int token = 0; token < SEQUENCES; token++) {
            Sequence sequence = Sequence.ofTokens(token);
            all.add(sequence);
            some.add(sequence.about(
                    ClassChoice.ofCandidates(lists.ints(candidates, 0, CLASSES).toArray())));
        }
        requireAgreement();
    }

    private static ScoreRequest ofCandidates(OutputKind kind) {
        return ScoreRequest.ofCandidates(EnumSet.of(kind), 1, OptionalInt.empty());
    }

    private void requireAgreement() {
        List<ScoredSequence> whole = logits.score(all);
        List<ScoredSequence> chosen = ofCandidates.score(some);
        for (int s = 0; s < SEQUENCES; s++) {
            int[] classes = some.get(s).classes().candidates();
            float[] expected = new float[candidates];
            for (int at = 0; at < candidates; at++) {
                expected[at] = whole.get(s).logits()[0][classes[at]];
            }
            if (!Arrays.equals(chosen.get(s).logits()[0], expected)) {
                throw new DisagreementException("the candidates' logits are not those of all classes");
            }
        }
    }

    @Benchmark
    public List<ScoredSequence> softmaxOfAllClasses() {
        return softmax.score(all);
    }

    @Benchmark
    public List<ScoredSequence> logitsOfCandidates() {
        return ofCandidates.score(some);
    }

    @Benchmark
    public List<ScoredSequence> softmaxOfCandidates() {
        return probabilities.score(some);
    }
}
