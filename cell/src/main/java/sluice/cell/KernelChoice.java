package sluice.cell;

/** The implementation that scores: the setting {@code scoring.kernel}. */
public enum KernelChoice {
    /** The fastest kernel that this JVM can run. */
    AUTO,
    /** The kernel on the Vector API. Needs {@code --add-modules=jdk.incubator.vector}, which Spark 4 sets. */
    VECTOR,
    /** The kernel in plain Java. */
    SCALAR,
    /** The float64 reference, for audits of small inputs. Needs Breeze ({@code org.scalanlp:breeze_2.13}), which Spark has. */
    REFERENCE
}
