package sluice.cell.weights.statedict;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The role of a tensor, as indicated by its name. */
enum TensorRole {
    EMBEDDING,
    OUTPUT,
    /** Neither of them, for example positions or times, attention, normalization, or a layer before the LSTM. */
    OTHER,
    /** The name indicates no role, or two at once. */
    UNKNOWN;

    private static final Set<String> EMBEDDING_WORDS = Set.of("emb", "encoder", "lookup", "lut", "wte");

    private static final Set<String> OUTPUT_WORDS = Set.of(
            "affine",
            "classifier",
            "decoder",
            "dense",
            "fc",
            "generator",
            "head",
            "hidden", // hidden2tag and the like
            "lin",
            "linear",
            "logit",
            "logits",
            "out",
            "output",
            "predict",
            "predictor",
            "proj",
            "projection",
            "softmax");

    private static final Set<String> OTHER_WORDS = Set.of(
            "attention",
            "attn",
            "bn",
            "conv",
            "crf",
            "layernorm",
            "ln",
            "norm",
            "pos",
            "position",
            "positional",
            "step",
            "time",
            "timestep",
            "wpe");

    // Compiled once, because a malicious file may have very many names.
    private static final Pattern KIND = Pattern.compile("\\.?(weight|bias)$");
    private static final Pattern DOT = Pattern.compile(".", Pattern.LITERAL);
    private static final Pattern BETWEEN_WORDS = Pattern.compile("[^A-Za-z]+|(?<=[a-z])(?=[A-Z])");

    private static final Set<String> BELOW_WORDS = Set.of("in", "input", "pre");

    /**
     * Returns the role that the last part of a name indicates: {@code decoder.embedding.weight} is an embedding, {@code
     * encoder.fc.weight} an output layer. Position numbers in an {@code nn.Sequential} are skipped.
     */
    static TensorRole of(String tensorName) {
        List<String> parts = Arrays.asList(DOT.split(withoutKind(tensorName), -1));
        Collections.reverse(parts);
        return parts.stream()
                .map(TensorRole::words)
                .filter(words -> !words.isEmpty())
                .findFirst()
                .map(TensorRole::ofWords)
                .orElse(UNKNOWN);
    }

    private static String withoutKind(String tensorName) {
        return KIND.matcher(tensorName).replaceFirst("");
    }

    /**
     * Splits into lower-case words: {@code word_embeddings}, {@code hidden2tag} and {@code outputLayer} have two each.
     */
    private static Set<String> words(String part) {
        return BETWEEN_WORDS
                .splitAsStream(part)
                .filter(word -> !word.isEmpty())
                .map(word -> word.toLowerCase(Locale.ROOT))
                .collect(Collectors.toCollection(HashSet::new));
    }

    private static TensorRole ofWords(Set<String> words) {
        boolean embedding = words.stream().anyMatch(word -> word.startsWith("embed") || EMBEDDING_WORDS.contains(word));
        boolean output = !Collections.disjoint(words, OUTPUT_WORDS);
        if (!Collections.disjoint(words, OTHER_WORDS) || (!embedding && !Collections.disjoint(words, BELOW_WORDS))) {
            return OTHER;
        }
        if (embedding == output) {
            return UNKNOWN;
        }
        return embedding ? EMBEDDING : OUTPUT;
    }
}
