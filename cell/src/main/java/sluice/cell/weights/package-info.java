/**
 * Readers of trained weights: each ends in an {@link sluice.cell.model.LstmModel} or in a sentence that says what is
 * wrong.
 *
 * <p>{@link sluice.cell.weights.ModelReader} looks at a file's first bytes and hands it to the reader of its format,
 * which has a package of its own below this one. A model file is not trusted: no length that it claims is believed
 * before it is compared with the file's own, nothing that it names is run, and whatever it holds, the failure is a
 * {@link sluice.cell.model.ModelException}.
 */
package sluice.cell.weights;
