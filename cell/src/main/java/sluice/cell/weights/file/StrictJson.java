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
import java.util.Locale;
import sluice.cell.model.ModelException;

/** Parses untrusted JSON: requires UTF-8 and unique names, and limits nesting, lengths and the number of tokens. */
public final class StrictJson {
    /**
     * A safetensors header has three levels: the header, a tensor and its shape. The fourth lets a reader report what
     * a shape contains instead of a number.
     */
    private static final int MAX_NESTING = 4;

    /** Nesting limit of a tree. The configuration of a Keras model has about 12 levels. */
    private static final int MAX_TREE_NESTING = 64;

    /** Token limit of a tree. A Keras layer has about 100 tokens. A node takes far more memory than its text. */
    private static final int MAX_TREE_TOKENS = 200_000;

    public static final int MAX_NAME_CHARACTERS = 1_000;
    public static final int MAX_STRING_CHARACTERS = 20_000_000;

    // An untrusted file may contain any number of names, so names are not interned or cached.
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

    /** Reads from a parser that is at the start of the text. */
    public interface Reading {
        void readAll(JsonParser parser) throws IOException;
    }

    /**
     * Parses a JSON text of at most {@value #MAX_NESTING} levels.
     *
     * @param what name of the text in messages: {@code the header}
     * @param whole what the text is part of: {@code a safetensors file}
     * @throws ModelException if the text isn't valid JSON or exceeds a limit
     */
    public static void read(byte[] json, String what, String whole, Reading reading) {
        read(FLAT, json, what, whole, reading);
    }

    /**
     * Parses a JSON text of at most {@value #MAX_TREE_NESTING} levels into a tree.
     *
     * @param what name of the text in messages: {@code config.json}
     * @param whole what the text is part of: {@code a Keras model}
     * @throws ModelException if the text isn't valid JSON, exceeds a limit, or is followed by other content
     */
    public static JsonNode tree(byte[] json, String what, String whole) {
        List<JsonNode> tree = new ArrayList<>();
        read(DEEP, json, what, whole, parser -> requireTokenLimit(parser, what, whole));
        read(DEEP, json, what, whole, parser -> {
            tree.add(new ObjectMapper().readTree(parser));
            if (tree.get(0) == null || parser.nextToken() != null) {
                throw new ModelException(
                        "%s is not the JSON of %s: expected one object and nothing after it".formatted(what, whole));
            }
        });
        return tree.get(0);
    }

    private static void requireTokenLimit(JsonParser parser, String what, String whole) throws IOException {
        int tokens = 0;
        while (parser.nextToken() != null) {
            if (++tokens > MAX_TREE_TOKENS) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "%s has more JSON tokens than expected: at most %d for %s",
                        what,
                        MAX_TREE_TOKENS,
                        whole));
            }
        }
    }

    private static void read(JsonFactory factory, byte[] json, String what, String whole, Reading reading) {
        try (JsonParser parser = factory.createParser(strictUtf8(json))) {
            reading.readAll(parser);
        } catch (CharacterCodingException e) {
            throw new ModelException("%s is not valid UTF-8, expected UTF-8 JSON of %s".formatted(what, whole), e);
        } catch (JsonProcessingException e) {
            throw new ModelException("%s is not the JSON of %s: %s".formatted(what, whole, reason(e)), e);
        } catch (IOException e) {
            // The text is in memory, so the cause is its content.
            throw new ModelException("%s can't be parsed: %s".formatted(what, e.getMessage()), e);
        }
    }

    private static String reason(JsonProcessingException e) {
        JsonLocation place = e.getLocation(); // null if a limit is exceeded
        return place == null
                ? e.getOriginalMessage()
                : String.format(Locale.ROOT, "%s at character %d", e.getOriginalMessage(), place.getCharOffset());
    }

    private static InputStreamReader strictUtf8(byte[] json) {
        // A new decoder reports malformed input. A reader made from a Charset would replace it.
        return new InputStreamReader(new ByteArrayInputStream(json), StandardCharsets.UTF_8.newDecoder());
    }
}
