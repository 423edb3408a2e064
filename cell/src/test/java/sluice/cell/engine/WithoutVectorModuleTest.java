package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import sluice.cell.KernelChoice;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.Steps;
import sluice.cell.kernel.Kernels;

/** In a JVM without the vector module the scalar kernel runs, and the messages name the flag to add. */
@EnabledIfSystemProperty(named = "sluice.without-vector-module", matches = "true")
class WithoutVectorModuleTest {
    private final Sample sample = new Samples(1).languageModel(11, 5, 9);

    @Test
    void autoIsScalar() {
        assertThat(Kernels.vectorRuns()).isFalse();
        assertThat(sample.compile(KernelChoice.AUTO).kernelName()).isEqualTo("scalar");
        assertThat(Kernels.reason())
                .isEqualTo(
                        "the module jdk.incubator.vector is not loaded; --add-modules=jdk.incubator.vector makes it several"
                                + " times faster, with the same bits");
    }

    @Test
    void theBitsAreTheRecordedOnes() {
        new SameBitsAtEveryWidthTest().theBitsAreTheRecordedOnes();
    }

    @Test
    void vectorIsRefusedWithTheFlagToAdd() {
        assertThatThrownBy(() -> sample.scorer(KernelChoice.VECTOR, Steps.LAST))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("kernel 'vector' needs the module jdk.incubator.vector")
                .hasMessageContaining("add --add-modules=jdk.incubator.vector")
                .hasMessageContaining("or choose auto");
    }
}
