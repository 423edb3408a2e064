package sluice.cell.kernel;

import java.util.Locale;

/** Creates kernels, and decides whether the vector kernel can run. */
public final class Kernels {
    private static final String VECTOR_MODULE = "jdk.incubator.vector";
    private static final String FLAG = "--add-modules=" + VECTOR_MODULE;

    private Kernels() {}

    /** Whether this JVM was started with the vector module. */
    public static boolean vectorRuns() {
        // Must be checked before a class that uses the API is loaded: that would throw a NoClassDefFoundError.
        return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
    }

    /** The fastest kernel that this JVM can run. */
    public static Kernel fastest() {
        return vectorRuns() ? vector() : scalar();
    }

    /** The kernel in plain Java, which every JVM can run. */
    public static Kernel scalar() {
        return new ScalarKernel();
    }

    /**
     * The kernel on the Vector API.
     *
     * @throws IllegalStateException if the module is missing; the message names the flag to add
     */
    public static Kernel vector() {
        if (!vectorRuns()) {
            throw new IllegalStateException("kernel 'vector' needs the module " + VECTOR_MODULE + ": add " + FLAG
                    + " to the JVM options (spark.executor.extraJavaOptions), or choose auto");
        }
        return new VectorKernel();
    }

    /** Explains the choice of {@link #fastest}, for a log: the vector width, or the flag to add. */
    public static String reason() {
        return vectorRuns()
                ? String.format(Locale.ROOT, "%d bits wide", VectorKernel.lanes() * Float.SIZE)
                : "the module %s is not loaded; %s makes it several times faster, with the same bits"
                        .formatted(VECTOR_MODULE, FLAG);
    }
}
