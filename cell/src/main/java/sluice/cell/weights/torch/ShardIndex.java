package sluice.cell.weights.torch;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.ChannelBytes;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.StrictJson;

/**
 * The index of a sharded model, usually {@code model.safetensors.index.json}: JSON whose {@code weight_map} maps each
 * tensor to a safetensors file.
 */
final class ShardIndex {
    static final int MAX_BYTES = 1 << 25;
    static final int MAX_SHARDS = 100;

    /** Plain file names, without folder, drive or URL scheme. */
    private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}");

    private static final String WEIGHT_MAP = "weight_map";
    private static final String KERAS_ROOT = "/"; // of the names in an index of Keras weights

    private final Map<String, String> shards = new LinkedHashMap<>(); // file by tensor

    private ShardIndex() {}

    /** File name of each tensor, by tensor name. */
    Map<String, String> shards() {
        return Collections.unmodifiableMap(shards);
    }

    /** Names of all files. */
    NavigableSet<String> files() {
        return new TreeSet<>(shards.values());
    }

    /** @throws ModelException if it is not such an index, or a file name is not plain */
    static ShardIndex read(SeekableByteChannel channel) throws IOException {
        if (channel.size() > MAX_BYTES) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the JSON has %d bytes, expected at most %d: this is not a shard index",
                    channel.size(),
                    MAX_BYTES));
        }
        byte[] json = new byte[(int) channel.size()];
        ChannelBytes.read(channel, 0, ByteBuffer.wrap(json));
        ShardIndex index = new ShardIndex();
        StrictJson.read(json, "the text", "a shard index", index::readAll);
        index.requireFileCount();
        return index;
    }

    private void readAll(JsonParser parser) throws IOException {
        boolean found = false;
        parser.nextToken();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals(WEIGHT_MAP) && value == JsonToken.START_OBJECT) {
                found = true;
                readWeightMap(parser);
            } else {
                parser.skipChildren();
            }
        }
        if (!found) {
            throw new ModelException(
                    "this is a JSON text without a 'weight_map' object, expected a model, or the index of "
                            + "one in several safetensors files; name the file that has the weights");
        }
        if (parser.nextToken() != null) {
            throw new ModelException("the index has text after its JSON object, expected only spaces");
        }
    }

    private void readWeightMap(JsonParser parser) throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String tensor = parser.currentName();
            if (tensor.startsWith(KERAS_ROOT)) {
                throw new ModelException(
                        "this is the index of Keras weights in several files, expected the model in one; in Python, model.load_weights(\"FILE\"); model.save(\"model.keras\")");
            }
            if (parser.nextToken() != JsonToken.VALUE_STRING) {
                throw new ModelException(
                        "the index gives tensor '%s' a value that is not a string, expected a file name"
                                .formatted(tensor));
            }
            String file = parser.getText();
            if (!FILE_NAME.matcher(file).matches()) {
                throw new ModelException(
                        ("the index has tensor '%s' in file '%s', expected the name of a file beside it, of "
                                        + "letters, digits, dots, dashes and underscores")
                                .formatted(tensor, NameList.shortened(file)));
            }
            shards.put(tensor, file);
            if (shards.size() > SafetensorsHeader.MAX_TENSORS) {
                throw new ModelException(String.format(
                        Locale.ROOT, "the index lists more than %d tensors", SafetensorsHeader.MAX_TENSORS));
            }
        }
    }

    private void requireFileCount() {
        int files = files().size();
        if (files == 0 || files > MAX_SHARDS) {
            throw new ModelException(
                    String.format(Locale.ROOT, "the index names %d files, expected 1 to %d", files, MAX_SHARDS));
        }
    }
}
