package sluice.job.model;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Words and their ids. Immutable; the look-up table is built where it is used. */
public final class Vocabulary implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String[] words; // by id; null where an id has no word
    private transient volatile Map<String, Integer> ids;

    private Vocabulary(String[] words) {
        this.words = words;
    }

    /**
     * @param words in the order of their ids
     * @throws IllegalArgumentException where a word stands twice
     */
    static Vocabulary of(List<String> words) {
        Map<String, Integer> seen = new HashMap<>();
        for (int id = 0; id < words.size(); id++) {
            Integer before = seen.put(words.get(id), id);
            if (before != null) {
                throw new IllegalArgumentException(
                        "the word '%s' stands twice, as %d and %d".formatted(words.get(id), before, id));
            }
        }
        return new Vocabulary(words.toArray(String[]::new));
    }

    /**
     * @param ids by word
     * @throws IllegalArgumentException where an id is negative, far beyond the number of words, or used twice
     */
    static Vocabulary of(Map<String, Integer> ids) {
        String[] words = new String[size(ids)];
        ids.forEach((word, id) -> {
            if (words[id] != null) {
                throw new IllegalArgumentException(
                        "the words '%s' and '%s' have the same id %d".formatted(words[id], word, id));
            }
            words[id] = word;
        });
        return new Vocabulary(words);
    }

    /** Checked before anything of this size is made. */
    private static int size(Map<String, Integer> ids) {
        int largest = -1;
        for (Map.Entry<String, Integer> entry : ids.entrySet()) {
            if (entry.getValue() < 0) {
                throw new IllegalArgumentException("the word '%s' has the id %d, expected a whole number of 0 or more"
                        .formatted(entry.getKey(), entry.getValue()));
            }
            largest = Math.max(largest, entry.getValue());
        }
        if (largest > 2L * ids.size() + 1_000) {
            throw new IllegalArgumentException(
                    "the largest id is %d, but there are only %d words".formatted(largest, ids.size()));
        }
        return largest + 1;
    }

    /** One more than the largest id. */
    public int size() {
        return words.length;
    }

    /** The word of an id, or null where it has none. */
    public String word(int id) {
        return id < words.length ? words[id] : null;
    }

    /** The id of a word, or null where it has none. */
    public Integer id(String word) {
        Map<String, Integer> byWord = ids;
        if (byWord == null) {
            byWord = new HashMap<>(2 * words.length);
            for (int id = 0; id < words.length; id++) {
                byWord.put(words[id], id);
            }
            ids = byWord; // built twice at worst, by two threads at once, and then the same
        }
        return byWord.get(word);
    }

    @Override
    public String toString() {
        return words.length + " words, " + String.join(" ", Arrays.asList(words).subList(0, Math.min(5, words.length)));
    }
}
