package sluice.cell.kernel;

/**
 * One step of a direction whose cell is not the plain one: the kernel's pre-activations, then the {@link VariantEquations}, for a few
 * sequences at a time. Scratch of one thread.
 */
public final class VariantStep {
    private final PreActivations preActivations;

    public VariantStep(Kernel kernel) {
        this.preActivations = new PreActivations(kernel);
    }

    /** As {@link Kernel#step} does for the plain cell. */
    public void step(
            VariantEquations equations,
            GatePanels gates,
            StepRows rows,
            float[] input,
            float[] hidden,
            float[] cell,
            float[] shown) {
        preActivations.forEach(
                gates, rows, input, hidden, (some, values) -> equations.step(gates, some, values, cell, shown));
    }
}
