package sluice.job.message;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Versions of Java that damage data: in Java 25.0.0 to 25.0.2, the G1 collector may move an array while native code, such as that of zstd
 * or of {@code java.util.zip}, reads or writes it (JDK-8377811). Files are then written that no reader can read, without an error.
 */
public final class UnsafeJava {
    private static final int FEATURE = 25;
    private static final int FIRST_SAFE_UPDATE = 3;
    private static final String COLLECTOR = "G1 ";

    private UnsafeJava() {}

    /**
     * Why a virtual machine is unsafe; empty if it is not known to be.
     *
     * @param collectors names of its garbage collectors, as {@link GarbageCollectorMXBean} has them
     */
    public static Optional<String> reason(Runtime.Version version, Collection<String> collectors) {
        boolean unsafe = version.feature() == FEATURE
                && version.interim() == 0
                && version.update() < FIRST_SAFE_UPDATE
                && collectors.stream().anyMatch(name -> name.startsWith(COLLECTOR));
        return unsafe
                ? Optional.of(
                        "Java %s with the G1 collector can damage arrays that native code uses, so that compressed files are unreadable (JDK-8377811)"
                                .formatted(version))
                : Optional.empty();
    }

    private static Optional<String> reason() {
        List<String> collectors = ManagementFactory.getGarbageCollectorMXBeans().stream()
                .map(GarbageCollectorMXBean::getName)
                .toList();
        return reason(Runtime.version(), collectors);
    }

    /**
     * Checks the virtual machine of the driver.
     *
     * @throws RefusedException if it is unsafe
     */
    public static void refuseOnDriver() {
        reason().ifPresent(reason -> {
            throw new RefusedException(
                    reason
                            + ": set JAVA_HOME to Java 25.0.3 or later, or to Java 17 or 21, or pass --driver-java-options -XX:+UseParallelGC");
        });
    }

    /**
     * Checks the virtual machine of an executor.
     *
     * @throws UnsafeJavaException if it is unsafe
     */
    public static void refuseOnExecutor() {
        reason().ifPresent(reason -> {
            throw new UnsafeJavaException(
                    "on an executor: " + reason
                            + "; nothing was written; install Java 25.0.3 or later, 17 or 21 there, or pass --conf spark.executor.extraJavaOptions=-XX:+UseParallelGC");
        });
    }
}
