package sluice.cell;

/** What scores: {@code scoring.kernel}. */
public enum KernelChoice {
    /** The fastest kernel that this virtual machine can run. */
    AUTO,
    /** The Vector API: needs {@code --add-modules=jdk.incubator.vector}, which Spark 4 gives. */
    VECTOR,
    /** Plain Java. */
    SCALAR,
    /** The float64 oracle on Breeze: for audits of small inputs. */
    REFERENCE
}
