package sluice.cell.kernel;

/** Chooses among the kernels: the one place that knows when the vector kernel can run. */
public final class Kernels {
    private static final String VECTOR_MODULE = "jdk.incubator.vector";
    private static final String FLAG = "--add-modules=" + VECTOR_MODULE;

    private Kernels() {}

    /** Whether the Vector API was put into this virtual machine when it was started. */
    public static boolean vectorRuns() {
        // Asked before any class that links the API is touched: without the module that would be a
        // NoClassDefFoundError.
        return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
    }

    /** The fastest kernel that runs here. */
    public static Kernel fastest() {
        return vectorRuns() ? vector() : scalar();
    }

    /** Plain Java, always there. */
    public static Kernel scalar() {
        return new ScalarKernel();
    }

    /**
     * The Vector API's kernel.
     *
     * @throws IllegalStateException where the module is missing; the message names the flag to add
     */
    public static Kernel vector() {
        if (!vectorRuns()) {
            throw new IllegalStateException("kernel 'vector' needs the module " + VECTOR_MODULE + ": add " + FLAG
                    + " to this virtual machine's options (spark.executor.extraJavaOptions), or choose auto");
        }
        return new VectorKernel();
    }

    /** What is worth saying in a log of the choice that {@link #fastest} makes here. */
    public static String reason() {
        return vectorRuns()
                ? "%d bits wide".formatted(VectorKernel.lanes() * Float.SIZE)
                : "the module %s is not loaded; %s makes it several times faster, with the same bits"
                        .formatted(VECTOR_MODULE, FLAG);
    }
}
