/**
 * Fuzz tests of the readers, by Jazzer: whatever the bytes, the answer is a model or a sentence.
 *
 * <p>{@code mvn test} gives each test its inputs below {@code src/test/resources}: sound files that {@link
 * sluice.cell.weights.fuzz.Seeds} made, and what fuzzing has found. {@code cell/fuzz} looks for more.
 */
package sluice.cell.weights.fuzz;
