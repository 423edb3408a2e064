package sluice.cell.weights.onnx;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.onnx.ProtoReader.Span;

/**
 * One tensor of an ONNX file: its claimed shape and type, and the location of its values.
 *
 * @param name empty for the value of a {@code Constant} node
 * @param type null if unknown
 * @param raw location of {@code raw_data}, little-endian; or null
 * @param typed locations of typed fields such as {@code float_data}, by field number
 * @param external entries of {@code external_data}; null if the values are in the model file
 */
record OnnxTensor(
        String name,
        Shape shape,
        OnnxType type,
        Span raw,
        Map<Integer, List<Span>> typed,
        Map<String, String> external) {

    /** A copy with the name of a node output. */
    OnnxTensor named(String other) {
        return new OnnxTensor(other, shape, type, raw, typed, external);
    }

    /** Locations of the values in the typed field of the type. */
    List<Span> spans() {
        return typed.getOrDefault(type.field(), List.of());
    }

    /**
     * Checks that the number of bytes matches type and shape. Called before memory is allocated.
     *
     * @throws ModelException if it doesn't, or the values are in several fields or in the wrong one
     */
    void requireMatchingLength() {
        int locations = (raw == null ? 0 : 1) + typed.size() + (external == null ? 0 : 1);
        if (locations > 1 || (locations == 0 && shape.values() > 0)) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s' of shape %s has its values in %d places, expected one; export it again",
                    name,
                    shape,
                    locations));
        }
        if (raw != null) {
            requireBytes(raw.bytes(), "raw_data");
        }
        for (int field : typed.keySet()) {
            if (field != type.field()) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "tensor '%s' of type %s has its values in field %d, expected field %d",
                        name,
                        type,
                        field,
                        type.field()));
            }
            requireTyped();
        }
    }

    private void requireTyped() {
        long bytes = spans().stream().mapToLong(Span::bytes).sum();
        if (!type.isVarint()) {
            requireBytes(bytes, "float_data or double_data");
            requireWholeValues();
        } else if (bytes < shape.values()) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s' has at most %d values, but its shape %s has %d; the file is damaged",
                    name,
                    bytes,
                    shape,
                    shape.values()));
        }
    }

    private void requireWholeValues() {
        long each = type.element().bytes(1);
        if (spans().stream().anyMatch(span -> span.bytes() % each != 0)) {
            throw new ModelException(
                    "tensor '%s' has values cut in pieces that are not a whole number of values; the file is damaged"
                            .formatted(name));
        }
    }

    private void requireBytes(long found, String where) {
        long expected = type.element().bytes(shape.values());
        if (found != expected) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s': %s of shape %s needs %d bytes, but its %s has %d; the file is damaged, export it again",
                    name,
                    type,
                    shape,
                    expected,
                    where,
                    found));
        }
    }
}
