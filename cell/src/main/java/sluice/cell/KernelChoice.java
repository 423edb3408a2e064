package sluice.cell;

/** What scores: {@code scoring.kernel}. */
public enum KernelChoice {
    /** The fastest kernel that this virtual machine can run. */
    AUTO,
    /** Plain Java. */
    SCALAR,
    /** The float64 oracle on Breeze: for audits of small inputs. */
    REFERENCE
}
