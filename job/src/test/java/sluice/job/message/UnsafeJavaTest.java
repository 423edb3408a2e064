package sluice.job.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Java 25.0.0 to 25.0.2 is refused with G1, and only with G1. */
class UnsafeJavaTest {
    private static final List<String> G1 = List.of("G1 Young Generation", "G1 Concurrent GC", "G1 Old Generation");

    @ParameterizedTest
    @ValueSource(strings = {"25+36", "25.0.1+8", "25.0.2+10-LTS"})
    void theVersionsWithTheDefectAreUnsafe(String version) {
        assertThat(UnsafeJava.reason(Runtime.Version.parse(version), G1))
                .hasValue(
                        "Java " + version
                                + " with the G1 collector can damage arrays that native code uses, so that compressed files are unreadable (JDK-8377811)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"17.0.15+6", "21.0.2", "24.0.2", "25.0.3+9-LTS", "25.0.10", "25.1", "26"})
    void otherVersionsAreNot(String version) {
        assertThat(UnsafeJava.reason(Runtime.Version.parse(version), G1)).isEmpty();
    }

    @Test
    void otherCollectorsAreNot() {
        Runtime.Version version = Runtime.Version.parse("25.0.1");
        for (List<String> collectors : List.of(
                List.of("PS MarkSweep", "PS Scavenge"),
                List.of("Copy", "MarkSweepCompact"),
                List.of("ZGC Minor Cycles", "ZGC Minor Pauses", "ZGC Major Cycles", "ZGC Major Pauses"),
                List.of("Shenandoah Cycles", "Shenandoah Pauses"))) {
            assertThat(UnsafeJava.reason(version, collectors)).isEmpty();
        }
    }

    /** The rule reads the names that this Java has for its collectors. */
    @Test
    void thisVirtualMachineIsSafe() {
        UnsafeJava.refuseOnDriver();
        UnsafeJava.refuseOnExecutor();
    }

    @Test
    void aRefusedTaskEndsTheRunWithItsSentence() {
        SparkException failed = new SparkException(
                "Job aborted due to stage failure", new UnsafeJavaException("on an executor: Java 25.0.1"));

        assertThat(Failure.sentence(failed)).isEqualTo("on an executor: Java 25.0.1");
        assertThat(Failure.code(failed)).isEqualTo(ExitCode.REFUSED);
    }
}
