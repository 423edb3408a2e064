package sluice.job.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;
import sluice.cell.weights.file.ModelFile;
import sluice.job.message.RefusedException;
import sluice.job.settings.Settings;
import sluice.job.storage.Storage;

/** Finds the vocabulary: the file that {@code input.vocabulary} names, otherwise the metadata of the model file. */
public final class VocabularySource {
    private static final String METADATA_KEY = "vocabulary";
    /**
     * A bracket followed by a quoted word, or such a text in quotes. A text file whose first word is {@code [PAD]} or a bracket does not
     * match.
     */
    private static final Pattern JSON_START = Pattern.compile("\\s*([{\\[]\\s*\"|\"\\s*\\{\\s*\\\\\")");

    private VocabularySource() {}

    /**
     * The vocabulary; empty if neither the settings nor the model have one.
     *
     * @param file setting {@code input.vocabulary}
     * @param model whose metadata may hold one
     * @throws RefusedException if the named file is missing or the vocabulary is malformed
     */
    public static Optional<Vocabulary> find(Optional<String> file, ModelFile model, Configuration hadoop) {
        int tokens = model.model().tokens();
        if (file.isPresent()) {
            return Optional.of(read(file.get(), "--vocabulary", tokens, hadoop));
        }
        return Optional.ofNullable(model.metadata().get(METADATA_KEY))
                .map(text -> parse(
                        "the vocabulary in the model's metadata", VocabularyText.withoutMark(text), true, tokens));
    }

    /**
     * The vocabulary, and those of single columns.
     *
     * @throws RefusedException if a file is missing or malformed, or belongs to no input of the model that reads tokens
     */
    public static Vocabularies find(Settings.Input settings, ModelFile model, Configuration hadoop) {
        Map<String, Vocabulary> byColumn = new TreeMap<>();
        settings.vocabularies()
                .forEach((column, file) -> byColumn.put(
                        column, read(file, "input.vocabularies." + column, tokens(column, model.model()), hadoop)));
        return new Vocabularies(find(settings.vocabulary(), model, hadoop), byColumn);
    }

    /** The number of tokens of an input. */
    private static int tokens(String column, LstmModel model) {
        if (model.parts().isEmpty()) {
            throw new RefusedException(
                    "input.vocabularies.%s is set, but the model has one input: set input.vocabulary to its file"
                            .formatted(column));
        }
        return model.parts().stream()
                .filter(part -> part.name().equals(column))
                .flatMap(part -> part.embedding().stream())
                .findFirst()
                .map(Embedding::tokens)
                .orElseThrow(() ->
                        new RefusedException("input.vocabularies.%s: '%s' is no column of tokens, expected one of %s"
                                .formatted(
                                        column,
                                        column,
                                        model.parts().stream()
                                                .filter(part -> part.embedding().isPresent())
                                                .map(part -> "'" + part.name() + "'")
                                                .collect(Collectors.joining(", ")))));
    }

    /**
     * The names of the classes ({@code output.labels}), in any form of a vocabulary.
     *
     * @throws RefusedException if the file is missing or malformed, or has more names than there are classes
     */
    public static Optional<Vocabulary> labels(Optional<String> file, LstmModel model, Configuration hadoop) {
        if (file.isEmpty()) {
            return Optional.empty();
        }
        int classes = model.output().map(OutputLayer::classes).orElse(0);
        if (classes == 0) {
            throw new RefusedException(
                    "output.labels: the model has no output layer, so there are no classes; leave it empty");
        }
        Vocabulary labels = read(file.get(), "output.labels", classes, hadoop);
        if (labels.size() != classes) {
            throw new RefusedException(String.format(
                    Locale.ROOT,
                    "output.labels: %s has %d labels, but the model has %d classes: this may be the file of another model",
                    file.get(),
                    labels.size(),
                    classes));
        }
        return Optional.of(labels);
    }

    /**
     * @param option that names the file, for messages
     * @param ids number of ids that there are
     */
    private static Vocabulary read(String path, String option, int ids, Configuration hadoop) {
        FileSystem files = Storage.of(path, option, hadoop);
        try (InputStream stream = files.open(Storage.path(path, option))) {
            byte[] bytes = stream.readAllBytes();
            return parse(path, decoded(path, bytes), false, ids);
        } catch (FileNotFoundException e) {
            String key = option.equals("--vocabulary") ? "input.vocabulary" : option;
            throw new RefusedException("%s: no such file; check %s".formatted(path, key), e);
        } catch (IOException e) {
            throw new UncheckedIOException("%s: could not be read".formatted(path), e);
        }
    }

    private static String decoded(String path, byte[] bytes) {
        try {
            return VocabularyText.decode(bytes);
        } catch (IllegalArgumentException e) {
            throw new RefusedException("%s: %s".formatted(path, e.getMessage()), e);
        }
    }

    /** @param characters whether a text of a single line lists one word per character */
    private static Vocabulary parse(String where, String text, boolean characters, int ids) {
        try {
            if (JSON_START.matcher(text).lookingAt()) {
                return VocabularyJson.read(text);
            }
            boolean oneLine = text.strip().lines().count() == 1;
            return characters && oneLine
                    ? Vocabulary.of(
                            text.codePoints().mapToObj(Character::toString).toList())
                    : VocabularyText.read(text.lines().toList(), ids);
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

    /** Jackson's message without its part in parentheses, which names Jackson's classes and settings. */
    private static String withoutBrackets(String message) {
        int bracket = message.indexOf(" (");
        return bracket < 0 ? message : message.substring(0, bracket);
    }
}
