/**
 * Fuzz tests of the model readers, run by Jazzer: any bytes give a valid model or a {@code ModelException}.
 *
 * <p>{@code mvn test} runs each test on its inputs below {@code src/test/resources}: valid files written by {@link
 * sluice.cell.weights.fuzz.Seeds}, and inputs found by fuzzing. {@code cell/fuzz} runs the fuzzer.
 */
package sluice.cell.weights.fuzz;
