package sluice.cell.weights.torch;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.StrictJson;

/**
 * The JSON header of a safetensors file: type, shape and offsets of each tensor, and optional strings about the whole
 * file under {@code __metadata__}.
 *
 * <p>{@link #parse} validates the form, {@link #requireExactCover} the offsets.
 */
final class SafetensorsHeader {
    /**
     * A thousand times what the largest LSTM needs. Without the limit, the objects of a malicious header would take
     * many times its size.
     */
    static final int MAX_TENSORS = 100_000;

    static final int MAX_RANK = 32;

    private static final String METADATA = "__metadata__";

    private final List<TensorEntry> tensors = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private SafetensorsHeader() {}

    /** Tensors in header order. */
    List<TensorEntry> tensors() {
        return tensors;
    }

    Map<String, String> metadata() {
        return metadata;
    }

    /** Reads the JSON. Offsets are checked only to be numbers. */
    static SafetensorsHeader parse(byte[] json) {
        SafetensorsHeader header = new SafetensorsHeader();
        StrictJson.read(json, "the header", "a safetensors file", header::readAll);
        return header;
    }

    private void readAll(JsonParser parser) throws IOException {
        require(parser.nextToken() == JsonToken.START_OBJECT, "the header is not a JSON object");
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            if (name.equals(METADATA)) {
                readMetadata(parser);
            } else {
                tensors.add(readTensor(parser, name));
                require(tensors.size() <= MAX_TENSORS, "the header lists more than %d tensors", MAX_TENSORS);
            }
        }
        require(parser.nextToken() == null, "the header has text after its JSON object, expected only spaces");
    }

    private void readMetadata(JsonParser parser) throws IOException {
        require(parser.currentToken() == JsonToken.START_OBJECT, "'__metadata__' is not a JSON object of strings");
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            require(
                    parser.nextToken() == JsonToken.VALUE_STRING,
                    "'__metadata__' has a value under '%s' that is not a string, expected only strings",
                    key);
            metadata.put(key, parser.getText());
        }
    }

    private static TensorEntry readTensor(JsonParser parser, String name) throws IOException {
        require(parser.currentToken() == JsonToken.START_OBJECT, "tensor '%s' is not described by a JSON object", name);
        ElementType type = null;
        long[] shape = null;
        long[] offsets = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String field = parser.currentName();
            parser.nextToken();
            switch (field) {
                case "dtype" -> type = readType(parser, name);
                case "shape" -> shape = readNumbers(parser, name, field);
                case "data_offsets" -> offsets = readNumbers(parser, name, field);
                default -> parser.skipChildren(); // the reference implementation ignores unknown fields too
            }
        }
        require(type != null, "tensor '%s' has no 'dtype', expected one of %s", name, ElementType.NAMES);
        require(shape != null, "tensor '%s' has no 'shape', expected an array of dimensions", name);
        require(offsets != null, "tensor '%s' has no 'data_offsets', expected [begin, end]", name);
        require(offsets.length == 2, "tensor '%s' has %d 'data_offsets', expected [begin, end]", name, offsets.length);
        return new TensorEntry(name, type, Shape.of(shape), offsets[0], offsets[1]);
    }

    private static ElementType readType(JsonParser parser, String name) throws IOException {
        String type = parser.getText();
        return ElementType.named(type)
                .orElseThrow(() -> new ModelException(
                        "tensor '%s' has dtype '%s', expected one of %s".formatted(name, type, ElementType.NAMES)));
    }

    private static long[] readNumbers(JsonParser parser, String name, String field) throws IOException {
        require(
                parser.currentToken() == JsonToken.START_ARRAY,
                "tensor '%s' has '%s' that is not an array of integers",
                name,
                field);
        long[] numbers = new long[MAX_RANK];
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
                throw new ModelException("tensor '%s' has '%s' with %s in it, expected integers"
                        .formatted(name, field, parser.getText()));
            }
            require(count < MAX_RANK, "tensor '%s' has '%s' of more than %d numbers", name, field, MAX_RANK);
            long number = parser.getLongValue();
            require(number >= 0, "tensor '%s' has '%s' with %d in it, expected 0 or more", name, field, number);
            numbers[count++] = number;
        }
        return Arrays.copyOf(numbers, count);
    }

    /**
     * Validates the header's offsets. Sorted by offset, the tensors must cover the data bytes completely, without holes
     * or overlaps, and each must take exactly the bytes of its shape and type. Nothing else validates them.
     *
     * @param dataBytes number of bytes after the header
     */
    void requireExactCover(long dataBytes) {
        List<TensorEntry> sorted = new ArrayList<>(tensors);
        sorted.sort(Comparator.comparingLong(TensorEntry::begin).thenComparingLong(TensorEntry::end));
        TensorEntry previous = null;
        long covered = 0;
        for (TensorEntry tensor : sorted) {
            require(
                    tensor.begin() <= tensor.end(),
                    "tensor '%s' has 'data_offsets' [%d, %d], expected begin <= end",
                    tensor.name(),
                    tensor.begin(),
                    tensor.end());
            if (tensor.begin() != covered) {
                throw misplaced(tensor, previous, covered);
            }
            requireSize(tensor);
            covered = tensor.end();
            previous = tensor;
        }
        require(
                covered <= dataBytes,
                "the header describes %d bytes of data, but only %d follow it: the file is cut short, copy it again",
                covered,
                dataBytes);
        require(
                covered == dataBytes,
                "the header describes %d bytes of data, but %d follow it: expected the file to end there",
                covered,
                dataBytes);
    }

    private static void requireSize(TensorEntry tensor) {
        long found = tensor.end() - tensor.begin();
        long needed;
        try {
            needed = tensor.type().bytes(tensor.shape().values());
        } catch (ArithmeticException e) {
            throw new ModelException(
                    String.format(
                            Locale.ROOT,
                            "tensor '%s' has shape %s of %s, which is not a valid number of bytes; its 'data_offsets' span %d",
                            tensor.name(),
                            tensor.shape(),
                            tensor.type(),
                            found),
                    e);
        }
        if (found != needed) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "tensor '%s' has shape %s of %s, which needs %d bytes, but its 'data_offsets' [%d, %d] span %d",
                    tensor.name(),
                    tensor.shape(),
                    tensor.type(),
                    needed,
                    tensor.begin(),
                    tensor.end(),
                    found));
        }
    }

    private static ModelException misplaced(TensorEntry tensor, TensorEntry previous, long covered) {
        String before = previous == null ? "the data begins" : "tensor '%s' ends".formatted(previous.name());
        String fault = tensor.begin() < covered ? "an overlap" : "a hole";
        return new ModelException(String.format(
                Locale.ROOT,
                "tensor '%s' begins at byte %d of the data, but %s at byte %d: %s, expected none",
                tensor.name(),
                tensor.begin(),
                before,
                covered,
                fault));
    }

    private static void require(boolean holds, String message, Object... arguments) {
        if (!holds) {
            throw new ModelException(String.format(Locale.ROOT, message, arguments));
        }
    }
}
