package sluice.cell.engine;

import static sluice.cell.SameBits.same;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.OutputLayer;

/** A model without a class for its first tokens has the bits of the same model without those tokens, whose classes are its tokens. */
class FirstClassTest {
    private static final int CLASSES = 20;
    private static final int WIDTH = 4;

    private static Stream<Arguments> engines() {
        return Stream.of(1, 3)
                .flatMap(first -> Arrays.stream(KernelChoice.values())
                        .flatMap(kernel -> Stream.of(true, false).map(both -> Arguments.of(first, kernel, both))));
    }

    @ParameterizedTest(name = "first class {0} on {1}, bidirectional {2}")
    @MethodSource("engines")
    void targetsAreClasses(int first, KernelChoice kernel, boolean both) {
        Samples samples = new Samples(first);
        LstmLayer layer = both
                ? LstmLayer.bidirectional(
                        samples.direction(WIDTH, 5), samples.direction(WIDTH, 5).backward())
                : LstmLayer.of(samples.direction(WIDTH, 5));
        Matrix table = samples.matrix(CLASSES + first, WIDTH, 2);
        Matrix rest =
                Matrix.of(CLASSES, WIDTH, Arrays.copyOfRange(table.values(), first * WIDTH, (CLASSES + first) * WIDTH));
        OutputLayer output = samples.output(CLASSES, layer.outputWidth());
        LstmModel shifted = new LstmModel(Optional.of(new Embedding(table)), List.of(layer), Optional.of(output));
        LstmModel plain = new LstmModel(Optional.of(new Embedding(rest)), List.of(layer), Optional.of(output));

        List<Sequence> ofPlain = new ArrayList<>();
        List<Sequence> ofShifted = new ArrayList<>();
        for (int length : new int[] {0, 1, 2, 7, 7, 30}) {
            int[] classes = samples.tokens(length, CLASSES);
            ofPlain.add(Sequence.ofTokens(classes));
            ofShifted.add(Sequence.ofTokens(
                    Arrays.stream(classes).map(target -> target + first).toArray()));
        }
        ScoreRequest request = new ScoreRequest(
                Steps.EACH, EnumSet.of(OutputKind.TOPK, OutputKind.LOGLIK, OutputKind.LOGPROB, OutputKind.RANK), 3);
        same(
                "first class " + first,
                CompiledModel.compile(shifted, InputKind.EMBEDDING, kernel)
                        .scorer(request.withFirstClass(first))
                        .score(ofShifted),
                CompiledModel.compile(plain, InputKind.EMBEDDING, kernel)
                        .scorer(request)
                        .score(ofPlain));
    }
}
