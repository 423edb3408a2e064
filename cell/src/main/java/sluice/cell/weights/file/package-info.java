/**
 * What the readers of all formats share: {@link sluice.cell.weights.file.ModelFile} (the result), the folder of the
 * model file, the settings for tensor names, and checked access to zip archives, JSON, shapes and values of tensors.
 *
 * <p>Uses {@code sluice.cell.model} and Jackson.
 */
package sluice.cell.weights.file;
