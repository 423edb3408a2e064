package sluice.cell.weights.torch;

import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.Shape;

/**
 * One tensor of a safetensors file, as its header describes it.
 *
 * @param begin offset of its first byte, from the end of the header
 * @param end offset after its last byte
 */
record TensorEntry(String name, ElementType type, Shape shape, long begin, long end) {}
