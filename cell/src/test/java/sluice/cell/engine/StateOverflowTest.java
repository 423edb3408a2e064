package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.Defect;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.SameBits;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;

/** A state that overflows makes its own sequence a defect. No answer is NaN, and other sequences are not affected. */
class StateOverflowTest {
    private static final int H = 2;
    private static final int CALM = 0;
    private static final int TRIPLES = 1; // the token that makes the forget gate 3

    private static final Activation RELU = Activation.of(Activation.Kind.RELU);
    private static final Activation TANH = Activation.of(Activation.Kind.TANH);

    private static Stream<Arguments> engines() {
        List<LstmLayer> growing = List.of(
                LstmLayer.of(growing(TANH)),
                LstmLayer.of(growing(RELU)),
                LstmLayer.of(growing(TANH).backward()),
                LstmLayer.bidirectional(
                        new Samples(2).direction(2, H), growing(RELU).backward(), LstmLayer.Merge.MUL));
        return Arrays.stream(KernelChoice.values())
                .flatMap(kernel -> growing.stream().map(layer -> Arguments.of(layer, kernel)));
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource("engines")
    void anOverflowIsADefectOfItsSequence(LstmLayer layer, KernelChoice kernel) {
        Sequence grows = repeated(TRIPLES, 60);
        Sequence grewOnTheWay = Sequence.ofTokens(Stream.of(new int[5], tokens(TRIPLES, 40), new int[5])
                .flatMapToInt(Arrays::stream)
                .toArray());
        List<Sequence> fine =
                List.of(repeated(CALM, 60), repeated(TRIPLES, 10), repeated(TRIPLES, 3), Sequence.ofTokens());
        List<Sequence> batch = new ArrayList<>(fine);
        batch.add(grows);
        batch.add(1, grewOnTheWay);
        batch.add(grows);
        Sample sample = sample(layer);
        for (Steps at : Steps.values()) {
            SequenceScorer scorer = sample.scorer(kernel, at);
            List<ScoredSequence> scored = scorer.score(batch);
            for (int s = 0; s < batch.size(); s++) {
                if (fine.contains(batch.get(s))) {
                    assertThat(scored.get(s).defect()).isEmpty();
                    SameBits.same("alone", scorer.score(List.of(batch.get(s))).get(0), scored.get(s));
                    assertFinite(scored.get(s));
                } else {
                    assertOverflown(scored.get(s), batch.get(s).length());
                }
            }
        }
    }

    private static void assertOverflown(ScoredSequence scored, int steps) {
        Defect defect = scored.defect().orElseThrow();
        assertThat(defect.kind()).isEqualTo(Defect.Kind.STATE_OVERFLOW);
        assertThat(defect.text())
                .isEqualTo(String.format(
                                Locale.ROOT,
                                "a state exceeded 1.09951163E12 within %d steps, because the model has unbounded activations:",
                                steps)
                        + " expected a sequence whose states stay below");
        assertThat(scored.softmax()).isNull();
        assertThat(scored.hidden()).isNull();
        assertThat(scored.cell()).isNull();
        assertThat(scored.state()).isNull();
        assertThat(scored.predictedTokens()).isZero();
    }

    private static void assertFinite(ScoredSequence scored) {
        for (float[][] rows : List.of(scored.softmax(), scored.hidden(), scored.cell())) {
            for (float[] row : rows) {
                for (float value : row) {
                    assertThat(value).isFinite();
                }
            }
        }
    }

    /** The growing layer below a plain layer, whose gates would turn a NaN into a number, and an output layer. */
    private static Sample sample(LstmLayer growing) {
        Samples samples = new Samples(1);
        LstmModel model = new LstmModel(
                Optional.empty(),
                List.of(growing, LstmLayer.of(samples.direction(growing.outputWidth(), 3))),
                Optional.of(samples.output(2, 3)));
        return new Sample(1, model, InputKind.ONE_HOT);
    }

    /** Unbounded gates: {@code i = o = 1}, {@code g = tanh(1)}, and f is 0 or 3, depending on the token. */
    private static LstmDirection growing(Activation shown) {
        float[] u = new float[4 * H * 2];
        float[] b = new float[4 * H];
        for (int unit = 0; unit < H; unit++) {
            u[(H + unit) * 2 + TRIPLES] = 3;
            b[unit] = 1;
            b[2 * H + unit] = 1;
            b[3 * H + unit] = 1;
        }
        return LstmDirection.plain(Matrix.of(4 * H, 2, u), Matrix.of(4 * H, H, new float[4 * H * H]), b)
                .with(CellVariant.PLAIN.withActivations(RELU, TANH, shown));
    }

    private static Sequence repeated(int token, int count) {
        return Sequence.ofTokens(tokens(token, count));
    }

    private static int[] tokens(int token, int count) {
        int[] tokens = new int[count];
        Arrays.fill(tokens, token);
        return tokens;
    }
}
