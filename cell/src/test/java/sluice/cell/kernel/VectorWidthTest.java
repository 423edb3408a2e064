package sluice.cell.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Fails where another kernel or another vector width runs than the test run was started for: a matrix of widths that silently ran
 * one of them three times would prove nothing.
 */
class VectorWidthTest {
    @Test
    void theVectorKernelIsTheFastestHere() {
        assertThat(Kernels.vectorRuns()).isTrue();
        assertThat(Kernels.fastest().name()).isEqualTo("vector");
    }

    @Test
    @EnabledIfSystemProperty(named = "sluice.use-avx", matches = "[123]")
    void theWidthIsTheOneAskedFor() throws IOException {
        int asked = Integer.getInteger("sluice.use-avx");
        assertThat(VectorKernel.lanes() * Float.SIZE).isEqualTo(expectedBits(asked));
    }

    /** What {@code -XX:UseAVX} gives; a processor without AVX-512 runs its widest, 256 bits, for 3. */
    private static int expectedBits(int useAvx) throws IOException {
        boolean avx512 = Files.readString(Path.of("/proc/cpuinfo")).contains("avx512f");
        return switch (useAvx) {
            case 1 -> 128;
            case 2 -> 256;
            default -> avx512 ? 512 : 256;
        };
    }
}
