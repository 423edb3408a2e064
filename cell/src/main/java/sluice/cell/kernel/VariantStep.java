package sluice.cell.kernel;

/**
 * One step of a direction with a variant cell: the kernel computes the pre-activations, then {@link VariantEquations} the states, for a
 * few sequences at a time. For one thread.
 */
public final class VariantStep {
    private final PreActivations preActivations;
    private final PreActivations.Consumer states = this::states; // one object for all steps

    // Of the current step.
    private VariantEquations equations;
    private GatePanels gates;
    private float[] cell;
    private float[] shown;

    public VariantStep(Kernel kernel) {
        this.preActivations = new PreActivations(kernel);
    }

    /** Computes a step with the parameters of {@link Kernel#step}. */
    public void step(
            VariantEquations of,
            GatePanels panels,
            StepRows rows,
            float[] input,
            float[] hidden,
            float[] cells,
            float[] outputs) {
        equations = of;
        gates = panels;
        cell = cells;
        shown = outputs;
        preActivations.forEach(panels, rows, input, hidden, states);
    }

    private void states(StepRows some, float[] values) {
        equations.step(gates, some, values, cell, shown);
    }
}
