package sluice.job.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import sluice.job.message.RefusedException;
import sluice.job.storage.Storage;

/** Finds the vocabulary: the file that {@code input.vocabulary} names, otherwise the metadata of the model file. */
public final class VocabularySource {
    private static final String METADATA_KEY = "vocabulary";
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** A bracket followed by a quoted word. A text file whose first word is {@code [PAD]} or a bracket does not match. */
    private static final Pattern JSON_START = Pattern.compile("\\s*[{\\[]\\s*\"");

    private VocabularySource() {}

    /**
     * The vocabulary; empty if neither the settings nor the model have one.
     *
     * @param file setting {@code input.vocabulary}
     * @param metadata of the model file
     * @throws RefusedException if the named file is missing or the vocabulary is malformed
     */
    public static Optional<Vocabulary> find(Optional<String> file, Map<String, String> metadata, Configuration hadoop) {
        if (file.isPresent()) {
            String path = file.get();
            return Optional.of(parse(path, read(path, hadoop), false));
        }
        return Optional.ofNullable(metadata.get(METADATA_KEY))
                .map(text -> parse("the vocabulary in the model's metadata", text, true));
    }

    private static String read(String path, Configuration hadoop) {
        FileSystem files = Storage.of(path, "--vocabulary", hadoop);
        try (InputStream stream = files.open(Storage.path(path, "--vocabulary"))) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (FileNotFoundException e) {
            throw new RefusedException("%s: no such file; check input.vocabulary".formatted(path), e);
        } catch (IOException e) {
            throw new UncheckedIOException("%s: could not be read".formatted(path), e);
        }
    }

    /** @param characters whether a text of a single line lists one word per character */
    private static Vocabulary parse(String where, String text, boolean characters) {
        try {
            if (JSON_START.matcher(text).lookingAt()) {
                JsonNode json = JSON.readTree(text);
                return json.isObject() ? Vocabulary.of(ids(json)) : Vocabulary.of(words(json));
            }
            boolean oneLine = text.strip().lines().count() == 1;
            return Vocabulary.of(
                    characters && oneLine
                            ? text.codePoints().mapToObj(Character::toString).toList()
                            : text.lines().toList());
        } catch (JsonProcessingException e) {
            throw new RefusedException(
                    String.format(
                            Locale.ROOT,
                            "%s: broken JSON in line %d: %s; expected a list of words, or a map from word to id",
                            where,
                            e.getLocation().getLineNr(),
                            withoutBrackets(e.getOriginalMessage())),
                    e);
        } catch (IllegalArgumentException e) {
            throw new RefusedException("%s: %s".formatted(where, e.getMessage()), e);
        }
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
        map.properties().forEach(entry -> {
            if (!entry.getValue().canConvertToInt() || !entry.getValue().isIntegralNumber()) {
                throw new IllegalArgumentException("the word '%s' has the id %s, expected a whole number of 0 or more"
                        .formatted(entry.getKey(), entry.getValue()));
            }
            ids.put(entry.getKey(), entry.getValue().intValue());
        });
        return ids;
    }

    /** Jackson's message without its part in parentheses, which names Jackson's classes and settings. */
    private static String withoutBrackets(String message) {
        int bracket = message.indexOf(" (");
        return bracket < 0 ? message : message.substring(0, bracket);
    }
}
