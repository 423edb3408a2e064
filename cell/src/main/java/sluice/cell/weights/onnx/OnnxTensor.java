package sluice.cell.weights.onnx;

import java.util.List;
import java.util.Map;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.onnx.ProtoReader.Span;

/**
 * One tensor of an ONNX file: what it claims to be, and where its values stand.
 *
 * @param name may be empty, for the value of a {@code Constant} node
 * @param type or null where its number is none that we know
 * @param raw the values as they lie in memory, little-endian; or null
 * @param typed where they stand one by one: field number, such as that of {@code float_data}, to pieces of it
 * @param external where they lie in another file, by the keys of {@code external_data}; or null where they don't
 */
record OnnxTensor(
        String name,
        Shape shape,
        OnnxType type,
        Span raw,
        Map<Integer, List<Span>> typed,
        Map<String, String> external) {

    /** The same under the name of the node output that it stands for. */
    OnnxTensor named(String other) {
        return new OnnxTensor(other, shape, type, raw, typed, external);
    }

    /** The pieces of the file that hold the values one by one. */
    List<Span> pieces() {
        return typed.getOrDefault(type.field(), List.of());
    }

    /**
     * Checks that as many bytes are there as the shape says, before memory is taken for them.
     *
     * @throws ModelException where they are not, or stand in more than one place or a wrong one
     */
    void requireHonestLength() {
        int places = (raw == null ? 0 : 1) + typed.size() + (external == null ? 0 : 1);
        if (places > 1 || (places == 0 && shape.values() > 0)) {
            throw new ModelException(
                    "tensor '%s' of shape %s has its values in %d places, expected one; export it again"
                            .formatted(name, shape, places));
        }
        if (raw != null) {
            requireBytes(raw.bytes(), "raw_data");
        }
        for (int field : typed.keySet()) {
            if (field != type.field()) {
                throw new ModelException("tensor '%s' of type %s has its values in field %d, expected field %d"
                        .formatted(name, type, field, type.field()));
            }
            requireTyped();
        }
    }

    private void requireTyped() {
        long bytes = pieces().stream().mapToLong(Span::bytes).sum();
        if (!type.isVarint()) {
            requireBytes(bytes, "float_data or double_data");
            requireWholePieces();
        } else if (bytes < shape.values()) {
            throw new ModelException("tensor '%s' has at most %d values, but its shape %s says %d; the file is damaged"
                    .formatted(name, bytes, shape, shape.values()));
        }
    }

    private void requireWholePieces() {
        long each = type.element().bytes(1);
        if (pieces().stream().anyMatch(piece -> piece.bytes() % each != 0)) {
            throw new ModelException(
                    "tensor '%s' has values cut in pieces of bytes that are no whole values; the file is damaged"
                            .formatted(name));
        }
    }

    private void requireBytes(long found, String where) {
        long expected = type.element().bytes(shape.values());
        if (found != expected) {
            throw new ModelException(
                    "tensor '%s': %s of shape %s needs %d bytes, but its %s has %d; the file is damaged, export it again"
                            .formatted(name, type, shape, expected, where, found));
        }
    }
}
