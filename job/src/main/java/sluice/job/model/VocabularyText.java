package sluice.job.model;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a vocabulary in a text file: one word on each line, in the order of the ids; or a word with its id, its count, or both columns
 * swapped.
 */
final class VocabularyText {
    private static final char MARK = '\uFEFF'; // byte order mark
    private static final Pattern WORD_TAB_NUMBER = Pattern.compile("([^\t]*)\t([0-9]{1,18})");
    private static final Pattern NUMBER_TAB_WORD = Pattern.compile("([0-9]{1,18})\t([^\t]*)");
    private static final Pattern WORD_SPACE_NUMBER = Pattern.compile("(\\S+) ([0-9]{1,18})");

    /** The words that fairseq puts before those of its dict.txt. */
    private static final List<String> FAIRSEQ = List.of("<s>", "<pad>", "</s>", "<unk>");

    private VocabularyText() {}

    /**
     * The text of a file, without its byte order mark.
     *
     * @throws IllegalArgumentException if it is not UTF-8
     */
    static String decode(byte[] bytes) {
        if (bytes.length >= 2
                && (bytes[0] == (byte) 0xFE && bytes[1] == (byte) 0xFF
                        || bytes[0] == (byte) 0xFF && bytes[1] == (byte) 0xFE)) {
            throw new IllegalArgumentException("it is UTF-16 or UTF-32 by its byte order mark; save it as UTF-8");
        }
        try {
            return withoutMark(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(
                    "it is not text in UTF-8; save it as UTF-8, or write the words as text, one on each line", e);
        }
    }

    static String withoutMark(String text) {
        return !text.isEmpty() && text.charAt(0) == MARK ? text.substring(1) : text;
    }

    /**
     * The vocabulary of these lines.
     *
     * @param tokens of the model, which tell whether fairseq's special words are missing
     * @throws IllegalArgumentException if a word occurs twice, or the second column has no certain meaning
     */
    static Vocabulary read(List<String> lines, int tokens) {
        List<Matcher> words = matches(lines, WORD_TAB_NUMBER);
        List<Matcher> numbered = matches(lines, NUMBER_TAB_WORD);
        if (words != null && numbered != null) {
            throw new IllegalArgumentException(
                    "each line holds two numbers, of which either may be the word: write one word on each line, in the order of the ids");
        }
        if (numbered != null) {
            List<Long> ids =
                    numbered.stream().map(line -> Long.valueOf(line.group(1))).toList();
            if (!areIds(ids)) {
                throw new IllegalArgumentException(
                        "the numbers before the words are no ids from 0 or 1 on: write one word on each line, in the order of the ids");
            }
            return Vocabulary.of(
                    ids(numbered.stream().map(line -> line.group(2)).toList(), ids));
        }
        if (words != null) {
            return ofPairs(words);
        }
        List<Matcher> counted = matches(lines, WORD_SPACE_NUMBER);
        if (counted != null && isDescending(numbers(counted))) {
            return ofCounts(counted, tokens);
        }
        return Vocabulary.of(lines);
    }

    /** The matches of all lines; null if there are no lines, or one does not match. */
    private static List<Matcher> matches(List<String> lines, Pattern pattern) {
        List<Matcher> matches = new ArrayList<>();
        for (String line : lines) {
            Matcher matcher = pattern.matcher(line);
            if (!matcher.matches()) {
                return null;
            }
            matches.add(matcher);
        }
        return matches.isEmpty() ? null : matches;
    }

    private static Vocabulary ofPairs(List<Matcher> lines) {
        List<String> words = lines.stream().map(line -> line.group(1)).toList();
        List<Long> numbers = numbers(lines);
        boolean counts = isDescending(numbers);
        boolean ids = areIds(numbers);
        if (ids && counts && words.size() > 1) {
            throw new IllegalArgumentException(
                    "the numbers after the words may be ids or counts: write one word on each line, in the order of the ids");
        }
        if (ids) {
            return Vocabulary.of(ids(words, numbers));
        }
        if (counts) {
            return Vocabulary.of(words)
                    .withNote(
                            "the numbers after the words are taken as counts, and the order of the lines as ids from 0");
        }
        throw new IllegalArgumentException(
                "the numbers after the words are neither ids from 0 or 1 on nor counts from the largest to the smallest: write one word on each line, in the order of the ids");
    }

    /** Words and counts with a space between them: a dict.txt of fairseq, or the same without special words. */
    private static Vocabulary ofCounts(List<Matcher> lines, int tokens) {
        List<String> words = lines.stream().map(line -> line.group(1)).toList();
        boolean hasSpecials = words.stream().anyMatch(FAIRSEQ.subList(0, 3)::contains);
        if (!hasSpecials && words.size() + FAIRSEQ.size() == tokens) {
            List<String> all = new ArrayList<>(FAIRSEQ);
            all.addAll(words);
            return Vocabulary.of(all)
                    .withNote(
                            "words with counts, four less than the model has tokens, are taken as a dict.txt of fairseq: the ids 0 to 3 are <s>, <pad>, </s> and <unk>");
        }
        if (words.size() == tokens) {
            return Vocabulary.of(words)
                    .withNote(
                            "the numbers after the words are taken as counts, and the order of the lines as ids from 0");
        }
        throw new IllegalArgumentException(String.format(
                Locale.ROOT,
                "%d words with counts, but the model has %d tokens: expected as many, or %d in a dict.txt of fairseq, which leaves out four special words",
                words.size(),
                tokens,
                tokens - FAIRSEQ.size()));
    }

    private static List<Long> numbers(List<Matcher> lines) {
        return lines.stream().map(line -> Long.valueOf(line.group(2))).toList();
    }

    private static boolean isDescending(List<Long> numbers) {
        for (int at = 1; at < numbers.size(); at++) {
            if (numbers.get(at) > numbers.get(at - 1)) {
                return false;
            }
        }
        return true;
    }

    /** Whether they are the numbers from 0 or 1 on, in any order. */
    private static boolean areIds(List<Long> numbers) {
        Set<Long> different = new HashSet<>(numbers);
        long least = numbers.stream().mapToLong(Long::longValue).min().orElse(0);
        long most = numbers.stream().mapToLong(Long::longValue).max().orElse(0);
        return different.size() == numbers.size() && least <= 1 && most - least == numbers.size() - 1;
    }

    private static Map<String, Integer> ids(List<String> words, List<Long> numbers) {
        Map<String, Integer> ids = new HashMap<>();
        for (int at = 0; at < words.size(); at++) {
            Integer before = ids.put(words.get(at), numbers.get(at).intValue());
            if (before != null) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT,
                        "the word '%s' occurs twice, with ids %d and %d",
                        words.get(at),
                        before,
                        numbers.get(at)));
            }
        }
        return ids;
    }
}
