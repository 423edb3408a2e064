package sluice.cell.weights.file;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import sluice.cell.model.ModelException;

/** JSON from strangers: UTF-8, no name twice in an object, nothing endlessly long or deep. */
public final class StrictJson {
    /**
     * In a safetensors header the whole, a tensor and its shape are three levels; one more shows what a shape holds
     * that is no number.
     */
    public static final int MAX_NESTING = 4;

    /** Of a tree: Keras' description of a model takes some twelve levels. */
    public static final int MAX_TREE_NESTING = 64;

    /** Of a tree: a layer of Keras takes some hundred, and each is far larger in memory than in the file. */
    public static final int MAX_TREE_TOKENS = 200_000;

    public static final int MAX_NAME_CHARACTERS = 1_000;
    public static final int MAX_STRING_CHARACTERS = 20_000_000;

    // Names are as many and as odd as the file likes: they are neither interned nor kept for the next file.
    private static final JsonFactory FLAT = factory(MAX_NESTING);
    private static final JsonFactory DEEP = factory(MAX_TREE_NESTING);

    private StrictJson() {}

    private static JsonFactory factory(int nesting) {
        return JsonFactory.builder()
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(nesting)
                        .maxNameLength(MAX_NAME_CHARACTERS)
                        .maxStringLength(MAX_STRING_CHARACTERS)
                        .build())
                .build();
    }

    /** Takes what it wants from a parser at the start of the text. */
    public interface Reading {
        void readAll(JsonParser parser) throws IOException;
    }

    /**
     * Reads a text.
     *
     * @param what it is, as messages call it: {@code the header}
     * @param whole what it is of: {@code a safetensors file}
     * @throws ModelException where it is no such JSON
     */
    public static void read(byte[] json, String what, String whole, Reading reading) {
        read(FLAT, json, what, whole, reading);
    }

    /**
     * Reads a text as a tree, which may be deeper: {@link #MAX_TREE_NESTING}.
     *
     * @param what it is, as messages call it: {@code config.json}
     * @param whole what it is of: {@code a Keras model}
     * @throws ModelException where it is no such JSON, or something follows it
     */
    public static JsonNode tree(byte[] json, String what, String whole) {
        List<JsonNode> tree = new ArrayList<>();
        read(DEEP, json, what, whole, parser -> requireFew(parser, what, whole));
        read(DEEP, json, what, whole, parser -> {
            tree.add(new ObjectMapper().readTree(parser));
            if (tree.get(0) == null || parser.nextToken() != null) {
                throw new ModelException(
                        "%s is not the JSON of %s: expected one object and nothing after it".formatted(what, whole));
            }
        });
        return tree.get(0);
    }

    private static void requireFew(JsonParser parser, String what, String whole) throws IOException {
        int tokens = 0;
        while (parser.nextToken() != null) {
            if (++tokens > MAX_TREE_TOKENS) {
                throw new ModelException("%s has more than %d names, values and brackets, which that of %s has not"
                        .formatted(what, MAX_TREE_TOKENS, whole));
            }
        }
    }

    private static void read(JsonFactory factory, byte[] json, String what, String whole, Reading reading) {
        try (JsonParser parser = factory.createParser(strictUtf8(json))) {
            reading.readAll(parser);
        } catch (CharacterCodingException e) {
            throw new ModelException("%s is not valid UTF-8, as that of %s is".formatted(what, whole), e);
        } catch (JsonProcessingException e) {
            throw new ModelException("%s is not the JSON of %s: %s".formatted(what, whole, reason(e)), e);
        } catch (IOException e) {
            // The text is in memory, so this too is about its content.
            throw new ModelException("%s can't be parsed: %s".formatted(what, e.getMessage()), e);
        }
    }

    private static String reason(JsonProcessingException e) {
        JsonLocation place = e.getLocation(); // null where a limit is exceeded
        return place == null
                ? e.getOriginalMessage()
                : "%s at character %d".formatted(e.getOriginalMessage(), place.getCharOffset());
    }

    private static InputStreamReader strictUtf8(byte[] json) {
        // A new decoder reports what is malformed, where one made from a Charset would replace it.
        return new InputStreamReader(new ByteArrayInputStream(json), StandardCharsets.UTF_8.newDecoder());
    }
}
