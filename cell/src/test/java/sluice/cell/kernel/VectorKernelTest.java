package sluice.cell.kernel;

/** The contract for the vector kernel, at the JVM's preferred vector width. */
class VectorKernelTest extends KernelContract {
    @Override
    Kernel kernel() {
        return Kernels.vector();
    }
}
