package sluice.cell.kernel;

/** The vector kernel signs the same contract as the scalar one, at whatever width this virtual machine prefers. */
class VectorKernelTest extends KernelContract {
    @Override
    Kernel kernel() {
        return Kernels.vector();
    }
}
