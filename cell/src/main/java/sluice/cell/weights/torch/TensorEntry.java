package sluice.cell.weights.torch;

import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.Shape;

/**
 * One tensor of a safetensors file, as its header describes it.
 *
 * @param begin where its bytes begin, counted from the end of the header
 * @param end where they end, exclusive
 */
record TensorEntry(String name, ElementType type, Shape shape, long begin, long end) {}
