package sluice.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Finds the vocabulary: a file that the settings name, or the model's own metadata. */
final class VocabularySource {
    private static final String METADATA_KEY = "vocabulary";
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private VocabularySource() {}

    /** @throws RefusedException where the named file is missing, or a vocabulary makes no sense */
    static Optional<Vocabulary> find(Settings.Input settings, Map<String, String> metadata, Configuration hadoop) {
        if (settings.vocabulary().isPresent()) {
            String path = settings.vocabulary().get();
            return Optional.of(parse(path, read(new Path(path), hadoop), false));
        }
        return Optional.ofNullable(metadata.get(METADATA_KEY))
                .map(text -> parse("the vocabulary in the model's metadata", text, true));
    }

    private static String read(Path path, Configuration hadoop) {
        try (InputStream stream = path.getFileSystem(hadoop).open(path)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (FileNotFoundException e) {
            throw new RefusedException("%s: no such file; check input.vocabulary".formatted(path), e);
        } catch (IOException e) {
            throw new UncheckedIOException("%s: could not be read".formatted(path), e);
        }
    }

    /** @param characters whether a single line is one word for each of its characters */
    private static Vocabulary parse(String where, String text, boolean characters) {
        try {
            if (text.startsWith("{")) {
                return Vocabulary.of(JSON.readValue(text, new TypeReference<Map<String, Integer>>() {}));
            }
            if (text.startsWith("[")) {
                return Vocabulary.of(JSON.readValue(text, new TypeReference<List<String>>() {}));
            }
            boolean oneLine = text.strip().lines().count() == 1;
            return Vocabulary.of(
                    characters && oneLine
                            ? text.codePoints().mapToObj(Character::toString).toList()
                            : text.lines().toList());
        } catch (JsonProcessingException e) {
            throw new RefusedException(
                    "%s: expected a JSON list of words, or a map from word to id: %s"
                            .formatted(where, e.getOriginalMessage()),
                    e);
        } catch (IllegalArgumentException e) {
            throw new RefusedException("%s: %s".formatted(where, e.getMessage()), e);
        }
    }
}
