package sluice.cell.kernel;

/**
 * One step of a direction with a variant cell: the kernel computes the pre-activations, then {@link VariantEquations} the states, for a
 * few sequences at a time. For one thread.
 */
public final class VariantStep {
    private final PreActivations preActivations;

    public VariantStep(Kernel kernel) {
        this.preActivations = new PreActivations(kernel);
    }

    /** Computes a step with the parameters of {@link Kernel#step}. */
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
