package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static sluice.cell.SameBits.same;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.kernel.Kernels;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;

/**
 * The first layer gives the same bits with a lookup table of all tokens, with one of the batch's tokens, and without a table. A model
 * whose vocabulary is too large for a whole table is compared with a model that has only the rows in use.
 */
class LookUpTest {
    private static final int LARGE = 70_000; // tokens, of 1,024 bytes each: more than BYTES
    private static final int SMALL = 600;
    private static final long BYTES = 64L << 20;
    private static final int WIDTH = 3;
    private static final int HIDDEN = 64;

    private static LstmModel model(int vocabulary, boolean bidirectional) {
        Samples samples = new Samples(7);
        LstmDirection forward = direction(samples);
        LstmLayer layer = bidirectional
                ? LstmLayer.bidirectional(forward, direction(samples).backward())
                : LstmLayer.of(forward);
        float[] rows = new Samples(8).embedding(LARGE, WIDTH).table().values();
        Matrix table = Matrix.of(LARGE, WIDTH, rows).rowBlock(0, vocabulary);
        return new LstmModel(Optional.of(new Embedding(table)), List.of(layer), Optional.empty());
    }

    private static LstmDirection direction(Samples samples) {
        return samples.direction(WIDTH, HIDDEN);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theSameBitsWithAndWithoutALookupTable(boolean bidirectional) {
        CompiledModel small =
                CompiledModel.compile(model(SMALL, bidirectional), InputKind.EMBEDDING, KernelChoice.AUTO, BYTES);
        CompiledModel large =
                CompiledModel.compile(model(LARGE, bidirectional), InputKind.EMBEDDING, KernelChoice.AUTO, BYTES);
        CompiledModel without = CompiledModel.compile(small.model(), InputKind.EMBEDDING, KernelChoice.AUTO, 0);
        assertThat(looksUp(small, BYTES)).isTrue();
        assertThat(looksUp(small, 0)).isFalse();
        assertThat(looksUp(large, BYTES)).isFalse();
        ScoreRequest request =
                new ScoreRequest(Steps.EACH, Set.of(OutputKind.HIDDEN, OutputKind.CELL, OutputKind.GATES), 1);
        SequenceScorer scorer = large.scorer(request);
        for (List<Sequence> batch : List.of(repeating(), allDistinct(), repeating())) {
            same("a batch", scorer.score(batch), small.scorer(request).score(batch));
            same(
                    "no table at all",
                    without.scorer(request).score(batch),
                    small.scorer(request).score(batch));
        }
    }

    private static boolean looksUp(CompiledModel compiled, long bytes) {
        return new PackedModel(compiled.model(), InputKind.EMBEDDING, Kernels.scalar(), bytes).looksUp();
    }

    /** Few tokens that repeat: a table of the batch's tokens pays. */
    private static List<Sequence> repeating() {
        return IntStream.range(0, 40)
                .mapToObj(s -> Sequence.ofTokens(new Samples(s).tokens(10 + s, 20)))
                .toList();
    }

    /** No token occurs twice, so a table would not pay. */
    private static List<Sequence> allDistinct() {
        return List.of(
                Sequence.ofTokens(IntStream.range(0, 300).toArray()),
                Sequence.ofTokens(IntStream.range(300, 600).toArray()));
    }
}
