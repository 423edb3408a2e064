package sluice.cell.engine;

import sluice.cell.kernel.GatePanels;
import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.StepRows;
import sluice.cell.kernel.VariantEquations;
import sluice.cell.kernel.VariantStep;

/** One step of a direction: the kernel's fused step for a plain cell, {@link VariantEquations} for a variant. For one thread. */
final class CellStep {
    private final PackedModel packed;
    private final Kernel kernel;
    private final VariantStep variantStep;

    CellStep(PackedModel packed, Kernel kernel) {
        this.packed = packed;
        this.kernel = kernel;
        this.variantStep = new VariantStep(kernel);
    }

    /** Computes a step with the parameters of {@link Kernel#step}. */
    void step(
            int direction,
            GatePanels gates,
            StepRows rows,
            float[] input,
            float[] hidden,
            float[] cell,
            float[] shown) {
        VariantEquations variant = packed.variant(direction);
        if (variant == null) {
            kernel.step(gates, rows, input, hidden, cell, shown);
        } else {
            variantStep.step(variant, gates, rows, input, hidden, cell, shown);
        }
    }
}
