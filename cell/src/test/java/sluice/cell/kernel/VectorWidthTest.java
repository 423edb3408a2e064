package sluice.cell.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Fails if the kernel or the vector width differs from the one that this test run is for. Otherwise runs for three widths could silently
 * test one width three times.
 */
class VectorWidthTest {
    @Test
    void theVectorKernelIsTheFastestHere() {
        assertThat(Kernels.vectorRuns()).isTrue();
        assertThat(Kernels.fastest().name()).isEqualTo("vector");
    }

    @Test
    @EnabledIfSystemProperty(named = "sluice.use-avx", matches = "[123]")
    void theWidthIsTheRequestedOne() throws IOException {
        int asked = Integer.getInteger("sluice.use-avx");
        assertThat(VectorKernel.lanes() * Float.SIZE).isEqualTo(expectedBits(asked));
    }

    /** The width that {@code -XX:UseAVX} selects; for 3, a processor without AVX-512 uses 256 bits. */
    private static int expectedBits(int useAvx) throws IOException {
        boolean avx512 = Files.readString(Path.of("/proc/cpuinfo")).contains("avx512f");
        return switch (useAvx) {
            case 1 -> 128;
            case 2 -> 256;
            default -> avx512 ? 512 : 256;
        };
    }
}
