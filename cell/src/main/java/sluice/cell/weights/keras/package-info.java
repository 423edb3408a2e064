/**
 * Keras models, of all its versions: {@code KerasReader} finds the two parts that a model has, a description in JSON and arrays in HDF5,
 * wherever they lie; {@code KerasConfig} knows the description and {@code KerasPath} the way through its layers; the two kinds of {@code
 * KerasWeights} know where the arrays of a layer are; {@code KerasStack} makes the model. The classes called {@code Hdf5...} know HDF5 and
 * nothing of Keras.
 */
package sluice.cell.weights.keras;
