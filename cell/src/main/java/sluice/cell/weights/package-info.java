/**
 * Reads trained weights from model files. {@link sluice.cell.weights.ModelReader} detects the format from the first
 * bytes and calls the reader of that format; the result is a {@link sluice.cell.weights.file.ModelFile}.
 *
 * <p>Model files are untrusted input. A claimed length is compared with the file size before it is used, code in a file
 * is never run, and every invalid file fails with a {@link sluice.cell.model.ModelException}.
 *
 * <p>Uses the subpackages {@code torch}, {@code onnx}, {@code keras} and {@code file}, and {@code sluice.cell.model}.
 */
package sluice.cell.weights;
