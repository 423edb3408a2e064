package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.launcher.JavaModuleOptions;
import org.junit.jupiter.api.Test;

class LaunchFlagsTest {
    /** The list in the root pom is a copy of Spark's; another Spark may need more. */
    @Test
    void theVirtualMachineGetsEveryFlagThatSparksOwnLauncherGives() {
        assertThat(Checkout.sparkFlags())
                .contains(JavaModuleOptions.defaultModuleOptions().split("\\s+"));
    }
}
