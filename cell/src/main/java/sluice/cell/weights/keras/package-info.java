/**
 * Reads Keras models of all versions.
 *
 * <p>{@code KerasReader} finds the two parts of a model: the config in JSON and the arrays in HDF5. {@code KerasConfig}
 * parses the config, and {@code KerasPath} finds the path through its layers. The implementations of {@code
 * KerasWeights} find the arrays of a layer. {@code KerasStack} builds the model. Only the classes named {@code Hdf5...}
 * use the HDF5 library; they know nothing about Keras.
 *
 * <p>Uses {@code sluice.cell.model} and {@code sluice.cell.weights.file} only.
 */
package sluice.cell.weights.keras;
