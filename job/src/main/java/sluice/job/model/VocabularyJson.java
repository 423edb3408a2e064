package sluice.job.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads a vocabulary in JSON: a list of words, a map from word to id or from id to word, or what a library writes: torchtext's {@code itos}
 * and {@code stoi}, {@code word_index} of Keras, {@code tokenizer.json} of Hugging Face.
 */
final class VocabularyJson {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** The kind of Hugging Face's models whose entries are whole words. */
    private static final String WHOLE_WORDS = "WordLevel";

    private VocabularyJson() {}

    /**
     * @throws JsonProcessingException if the text is no JSON
     * @throws IllegalArgumentException if it holds no vocabulary
     */
    static Vocabulary read(String text) throws JsonProcessingException {
        return of(JSON.readTree(text));
    }

    private static Vocabulary of(JsonNode json) throws JsonProcessingException {
        if (json.isTextual()) { // Keras returns JSON as text, which programs write as JSON once more
            return of(JSON.readTree(json.textValue()));
        }
        if (json.isArray()) {
            return Vocabulary.of(words(json));
        }
        if (json.path("config").has("word_index")) {
            return ofKeras(json.path("config"));
        }
        if (json.path("word_index").isContainerNode() || json.path("word_index").isTextual()) {
            return ofKeras(json);
        }
        if (json.path("model").has("vocab")) {
            return ofHuggingFace(json);
        }
        if (json.path("itos").isContainerNode() || json.path("stoi").isContainerNode()) {
            return ofTorchText(json);
        }
        return ofMap(json);
    }

    private static Vocabulary ofMap(JsonNode map) {
        return isFromId(map) ? Vocabulary.of(idsOfWords(map)) : Vocabulary.of(ids(map));
    }

    /** Whether all keys are whole numbers and all values texts. */
    private static boolean isFromId(JsonNode map) {
        return !map.isEmpty()
                && map.properties().stream()
                        .allMatch(entry -> entry.getKey().matches("[0-9]{1,9}")
                                && entry.getValue().isTextual());
    }

    private static Map<String, Integer> idsOfWords(JsonNode map) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        map.properties().forEach(entry -> {
            int id = Integer.parseInt(entry.getKey());
            Integer before = ids.put(entry.getValue().textValue(), id);
            if (before != null) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT,
                        "the word '%s' occurs twice, with ids %d and %d",
                        entry.getValue().textValue(),
                        before,
                        id));
            }
        });
        return ids;
    }

    private static Vocabulary ofTorchText(JsonNode json) {
        JsonNode byId = json.path("itos");
        JsonNode byWord = json.path("stoi");
        Vocabulary words =
                byId.isMissingNode() ? ofMap(byWord) : byId.isArray() ? Vocabulary.of(words(byId)) : ofMap(byId);
        if (!byId.isMissingNode() && byWord.isObject()) {
            ids(byWord).forEach((word, id) -> {
                if (!word.equals(words.word(id))) {
                    throw new IllegalArgumentException(String.format(
                            Locale.ROOT, "stoi gives the word '%s' the id %d, which itos doesn't", word, id));
                }
            });
        }
        return words;
    }

    /** A tokenizer of Keras, or its word index. It takes words from {@code num_words} on for unknown. */
    private static Vocabulary ofKeras(JsonNode config) throws JsonProcessingException {
        JsonNode index = config.path("word_index");
        Map<String, Integer> ids =
                new LinkedHashMap<>(ids(index.isTextual() ? JSON.readTree(index.textValue()) : index));
        if (config.path("num_words").isInt()) {
            int most = config.path("num_words").intValue();
            ids.values().removeIf(id -> id >= most);
        }
        Vocabulary words = Vocabulary.of(ids);
        if (config.path("char_level").asBoolean()) {
            words = words.withNote(
                    "the tokenizer of Keras splits texts into characters; input.splitter = character does it here");
        }
        if (config.path("lower").asBoolean()) {
            words = words.withNote(
                    "the tokenizer of Keras turns texts into lower case and removes the characters of its filters before it looks words up; here, input.lower-case = true does the former, and nothing the latter");
        }
        return words;
    }

    private static Vocabulary ofHuggingFace(JsonNode json) {
        JsonNode model = json.path("model");
        Map<String, Integer> ids = new LinkedHashMap<>();
        if (model.path("vocab").isArray()) { // pairs of a piece and its score
            for (JsonNode piece : model.path("vocab")) {
                ids.put(piece.path(0).asText(), ids.size());
            }
        } else {
            ids.putAll(ids(model.path("vocab")));
        }
        for (JsonNode added : json.path("added_tokens")) {
            Integer before =
                    ids.put(added.path("content").asText(), added.path("id").asInt(-1));
            if (before != null && before != added.path("id").asInt(-1)) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT,
                        "the word '%s' occurs twice, with ids %d and %d",
                        added.path("content").asText(),
                        before,
                        added.path("id").asInt(-1)));
            }
        }
        Vocabulary words = Vocabulary.of(ids);
        String kind = model.path("type").asText(model.has("merges") ? "BPE" : WHOLE_WORDS);
        if (!kind.equals(WHOLE_WORDS)) {
            return words.withPieces("a %s tokenizer".formatted(kind));
        }
        if (!json.path("normalizer").isEmpty()) {
            words = words.withNote(
                    "tokenizer.json also normalizes texts (%s), which Sluice doesn't; input.lower-case = true turns them into lower case"
                            .formatted(json.path("normalizer").path("type").asText()));
        }
        if (json.path("pre_tokenizer").path("type").asText().equals("Whitespace")) {
            words = words.withNote(
                    "tokenizer.json splits texts at white space and around punctuation, and input.splitter = whitespace only at white space");
        }
        return words;
    }

    private static List<String> words(JsonNode list) {
        List<String> words = new ArrayList<>();
        for (JsonNode word : list) {
            if (!word.isTextual()) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT, "entry %d of the list is %s, expected a word in quotes", words.size(), word));
            }
            words.add(word.textValue());
        }
        return words;
    }

    private static Map<String, Integer> ids(JsonNode map) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        for (Iterator<Map.Entry<String, JsonNode>> entries = map.properties().iterator(); entries.hasNext(); ) {
            Map.Entry<String, JsonNode> entry = entries.next();
            if (!entry.getValue().canConvertToInt() || !entry.getValue().isIntegralNumber()) {
                throw new IllegalArgumentException("the word '%s' has the id %s, expected a whole number of 0 or more"
                        .formatted(entry.getKey(), entry.getValue()));
            }
            ids.put(entry.getKey(), entry.getValue().intValue());
        }
        return ids;
    }
}
