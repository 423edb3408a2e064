package sluice.cell.weights.torch;

import sluice.cell.weights.file.ElementType;

/**
 * What PyTorch calls a storage: a row of values that tensors are views of, which lies beside the pickle under its key.
 *
 * @param values how many it has, as the pickle says
 */
record PickledStorage(String key, ElementType type, long values) {}
