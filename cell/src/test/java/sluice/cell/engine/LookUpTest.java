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
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;

/**
 * The first layer's three ways (one table for the engine, one for the tokens at hand, none) give the same bits: a model whose
 * vocabulary is too large for the first way is held against one that has only the rows in use.
 */
class LookUpTest {
    private static final int LARGE =
            70_000; // times 1,024 bytes a token: beyond what the table of an engine may take here
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
    void allWaysGiveTheSameBits(boolean bidirectional) {
        CompiledModel small =
                CompiledModel.compile(model(SMALL, bidirectional), InputKind.EMBEDDING, KernelChoice.AUTO, BYTES);
        CompiledModel large =
                CompiledModel.compile(model(LARGE, bidirectional), InputKind.EMBEDDING, KernelChoice.AUTO, BYTES);
        CompiledModel without = CompiledModel.compile(small.model(), InputKind.EMBEDDING, KernelChoice.AUTO, 0);
        assertThat(small.looksUp()).isTrue();
        assertThat(without.looksUp()).isFalse();
        assertThat(large.looksUp()).isFalse();
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

    /** Few tokens, again and again: a table of those at hand pays. */
    private static List<Sequence> repeating() {
        return IntStream.range(0, 40)
                .mapToObj(s -> Sequence.ofTokens(new Samples(s).tokens(10 + s, 20)))
                .toList();
    }

    /** No token twice: a table would be no use. */
    private static List<Sequence> allDistinct() {
        return List.of(
                Sequence.ofTokens(IntStream.range(0, 300).toArray()),
                Sequence.ofTokens(IntStream.range(300, 600).toArray()));
    }
}
