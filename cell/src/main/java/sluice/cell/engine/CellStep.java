package sluice.cell.engine;

import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.StepRows;
import sluice.cell.kernel.VariantEquations;
import sluice.cell.kernel.VariantStep;

/** One step of any direction: by the kernel where its cell is plain, by the variant's equations where not. Scratch of one thread. */
final class CellStep {
    private final CompiledModel compiled;
    private final Kernel kernel;
    private final VariantStep variantStep;

    CellStep(CompiledModel compiled, Kernel kernel) {
        this.compiled = compiled;
        this.kernel = kernel;
        this.variantStep = new VariantStep(kernel);
    }

    /** As {@link Kernel#step}. */
    void step(
            int direction,
            GatePanels gates,
            StepRows rows,
            float[] input,
            float[] hidden,
            float[] cell,
            float[] shown) {
        VariantEquations variant = compiled.variant(direction);
        if (variant == null) {
            kernel.step(gates, rows, input, hidden, cell, shown);
        } else {
            variantStep.step(variant, gates, rows, input, hidden, cell, shown);
        }
    }
}
