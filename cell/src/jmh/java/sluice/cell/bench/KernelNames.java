package sluice.cell.bench;

import sluice.cell.kernel.Kernel;
import sluice.cell.kernel.Kernels;

/** Finds a kernel by its name in the setting {@code scoring.kernel}. */
final class KernelNames {
    private KernelNames() {}

    static Kernel kernel(String name) {
        return switch (name) {
            case "vector" -> Kernels.vector();
            case "scalar" -> Kernels.scalar();
            default -> throw new IllegalArgumentException("kernel '%s': expected vector or scalar".formatted(name));
        };
    }
}
