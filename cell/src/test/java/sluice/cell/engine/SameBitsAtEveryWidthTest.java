package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static sluice.cell.SameBits.same;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.cell.KernelChoice;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.StepGates;
import sluice.cell.Steps;

/** Run at 128, 256 and 512 bits on every Java version: the kernels agree with each other and with the recorded checksums. */
class SameBitsAtEveryWidthTest {
    /** Checksum of the answers of 30 random models; it changes only if the order of operations behind a score changes. */
    private static final long BITS_ON_RECORD = 2_554_184_419L;

    /** The same for models of variant cells. */
    private static final long BITS_OF_VARIANTS_ON_RECORD = 2_815_728_332L;

    /** The same for the gates of both. */
    private static final long BITS_OF_GATES_ON_RECORD = 286_855_698L;

    private static List<Sample> samples() {
        return Samples.everyKind();
    }

    private static List<ScoredSequence> answers(Sample sample, Steps at, KernelChoice kernel) {
        return sample.scorer(kernel, at).score(sample.batch());
    }

    @ParameterizedTest
    @MethodSource("samples")
    void theVectorKernelHasTheScalarBits(Sample sample) {
        for (Steps at : Steps.values()) {
            same(
                    sample + " at " + at,
                    answers(sample, at, KernelChoice.VECTOR),
                    answers(sample, at, KernelChoice.SCALAR));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 6, 7, 23, 24, 25, 47, 48, 49, 131})
    void theVectorKernelHasTheScalarBitsAtEveryNumberOfRows(int sequences) {
        Sample sample = new Samples(sequences).languageModel(50, 20, 35);
        List<Sequence> batch = IntStream.range(0, sequences)
                .mapToObj(s -> sample.sequence(s, 7))
                .toList();
        same(
                sequences + " sequences",
                sample.scorer(KernelChoice.VECTOR, Steps.EACH).score(batch),
                sample.scorer(KernelChoice.SCALAR, Steps.EACH).score(batch));
    }

    @Test
    void theBitsAreTheRecordedOnes() {
        assertThat(sumOver(seed -> new Samples(seed).any())).isEqualTo(BITS_ON_RECORD);
    }

    @Test
    void theBitsOfVariantsAreTheRecordedOnes() {
        assertThat(sumOver(seed -> new Samples(seed).anyVariant())).isEqualTo(BITS_OF_VARIANTS_ON_RECORD);
    }

    @Test
    void theBitsOfGatesAreTheRecordedOnes() {
        CRC32C sum = new CRC32C();
        for (long seed = 1; seed < 30; seed++) {
            for (Sample sample : List.of(new Samples(seed).any(), new Samples(seed).anyVariant())) {
                for (ScoredSequence answer : answers(sample, Steps.EACH, KernelChoice.AUTO)) {
                    for (StepGates step : answer.gates()) {
                        add(sum, new float[][] {step.input(), step.forget(), step.candidate(), step.output()});
                    }
                }
            }
        }
        assertThat(sum.getValue()).isEqualTo(BITS_OF_GATES_ON_RECORD);
    }

    private static long sumOver(LongFunction<Sample> samples) {
        CRC32C sum = new CRC32C();
        for (long seed = 1; seed < 30; seed++) {
            for (ScoredSequence answer : answers(samples.apply(seed), Steps.EACH, KernelChoice.AUTO)) {
                add(sum, answer.softmax());
                add(sum, answer.hidden());
                add(sum, answer.cell());
            }
        }
        return sum.getValue();
    }

    private static void add(CRC32C sum, float[][] rows) {
        for (float[] row : rows == null ? new float[0][] : rows) {
            ByteBuffer bytes = ByteBuffer.allocate(row.length * Float.BYTES);
            bytes.asFloatBuffer().put(row);
            sum.update(bytes);
        }
    }
}
