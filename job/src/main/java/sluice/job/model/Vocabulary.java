package sluice.job.model;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Words and their token ids. Immutable. The map from word to id is not serialized; each process builds it on first use. */
public final class Vocabulary implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String[] words; // by id; null where an id has no word
    private final List<String> notes;
    private final String pieces; // of what the entries are pieces of words; null if they are words
    private transient volatile Map<String, Integer> ids;

    private Vocabulary(String[] words, List<String> notes, String pieces) {
        this.words = words;
        this.notes = notes;
        this.pieces = pieces;
    }

    private Vocabulary(String[] words) {
        this(words, List.of(), null);
    }

    /** The same words with one more note. */
    Vocabulary withNote(String note) {
        List<String> more = new ArrayList<>(notes);
        more.add(note);
        return new Vocabulary(words, List.copyOf(more), pieces);
    }

    /** The words with ids that are larger by a number. */
    public Vocabulary shifted(int by) {
        String[] shifted = new String[Math.addExact(words.length, by)];
        System.arraycopy(words, 0, shifted, by, words.length);
        return new Vocabulary(shifted, notes, pieces);
    }

    /** The same entries as pieces of words, which no splitter here makes. */
    Vocabulary withPieces(String tokenizer) {
        return new Vocabulary(words, notes, tokenizer);
    }

    /** What was assumed about the file, as sentences. */
    public List<String> notes() {
        return notes;
    }

    /** The kind of tokenizer whose pieces of words these are; empty if they are words. */
    public Optional<String> pieces() {
        return Optional.ofNullable(pieces);
    }

    /** Whether more than a tenth of the words begin as libraries mark pieces of words. */
    public boolean looksLikePieces() {
        long marked = Arrays.stream(words)
                .filter(word -> word != null
                        && (word.startsWith("\u0120") || word.startsWith("\u2581") || word.startsWith("##")))
                .count();
        return 10 * marked > words.length;
    }

    /** The words with white space in them. */
    public List<String> wordsWithSpace() {
        return Arrays.stream(words)
                .filter(word -> word != null && word.codePoints().anyMatch(Character::isWhitespace))
                .toList();
    }

    /**
     * @param words in the order of their ids
     * @throws IllegalArgumentException if a word occurs twice
     */
    static Vocabulary of(List<String> words) {
        Map<String, Integer> seen = new HashMap<>();
        for (int id = 0; id < words.size(); id++) {
            Integer before = seen.put(words.get(id), id);
            if (before != null) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT, "the word '%s' occurs twice, with ids %d and %d", words.get(id), before, id));
            }
        }
        return new Vocabulary(words.toArray(String[]::new));
    }

    /**
     * @param ids by word
     * @throws IllegalArgumentException if an id is negative, far larger than the number of words, or used twice
     */
    static Vocabulary of(Map<String, Integer> ids) {
        String[] words = new String[size(ids)];
        ids.forEach((word, id) -> {
            if (words[id] != null) {
                throw new IllegalArgumentException(
                        String.format(Locale.ROOT, "the words '%s' and '%s' have the same id %d", words[id], word, id));
            }
            words[id] = word;
        });
        return new Vocabulary(words);
    }

    /** The size of the table by id. The largest id is checked before anything of that size is allocated. */
    private static int size(Map<String, Integer> ids) {
        int largest = -1;
        for (Map.Entry<String, Integer> entry : ids.entrySet()) {
            if (entry.getValue() < 0) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT,
                        "the word '%s' has the id %d, expected a whole number of 0 or more",
                        entry.getKey(),
                        entry.getValue()));
            }
            largest = Math.max(largest, entry.getValue());
        }
        if (largest > 2L * ids.size() + 1_000) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT, "the largest id is %d, but there are only %d words", largest, ids.size()));
        }
        return largest + 1;
    }

    /** The largest id plus one. */
    public int size() {
        return words.length;
    }

    /** The word of an id, or null if the id has no word. */
    public String word(int id) {
        return id < words.length ? words[id] : null;
    }

    /** The id of a word, or null if the word is unknown. */
    public Integer id(String word) {
        Map<String, Integer> byWord = ids;
        if (byWord == null) {
            byWord = new HashMap<>(2 * words.length);
            for (int id = 0; id < words.length; id++) {
                byWord.put(words[id], id);
            }
            ids = byWord; // two threads may both build it; the results are equal
        }
        return byWord.get(word);
    }

    @Override
    public String toString() {
        return words.length + " words, " + String.join(" ", Arrays.asList(words).subList(0, Math.min(5, words.length)));
    }
}
