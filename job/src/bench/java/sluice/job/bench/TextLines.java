package sluice.job.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The non-empty lines of a text, with their line ends. A token is a character, numbered in Unicode order.
 *
 * <p>After the last line, the text is cut again into the same lengths from another offset. So a table of any size has the text's
 * distribution of lengths, and hardly any duplicates.
 */
final class TextLines implements SequenceSource {
    private static final long serialVersionUID = 1L;
    private static final int SHIFT = 10_007; // offset between two passes, in characters

    private static final int LINES = 32_000;
    private static final int WORDS = 4_000;
    private static final long SEED = 20_002;

    private final int[] text;
    private final int[] begins; // offset of each line
    private final int[] lengths;
    private final String alphabet;

    private TextLines(String text) {
        int[] characters = text.chars().distinct().sorted().toArray();
        this.alphabet = new String(characters, 0, characters.length);
        this.text = text.chars()
                .map(character -> Arrays.binarySearch(characters, character))
                .toArray();
        List<Integer> starts = new ArrayList<>();
        int begin = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', begin)) {
            if (end > begin) {
                starts.add(begin);
            }
            begin = end + 1;
        }
        this.begins = starts.stream().mapToInt(start -> start).toArray();
        this.lengths = Arrays.stream(begins)
                .map(start -> text.indexOf('\n', start) + 1 - start)
                .toArray();
    }

    static TextLines ofFile(Path file) throws IOException {
        return new TextLines(Files.readString(file));
    }

    /** Generates a text of made-up words with skewed frequencies, about 34 characters per line. */
    static TextLines generated() {
        SplittableRandom random = new SplittableRandom(SEED);
        List<String> words = new ArrayList<>();
        for (int word = 0; word < WORDS; word++) {
            words.add(random.ints(1 + random.nextInt(8), 'a', 'z' + 1)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString());
        }
        StringBuilder text = new StringBuilder();
        for (int line = 0; line < LINES; line++) {
            int end = text.length() + random.nextInt(10, 52);
            while (text.length() < end) {
                text.append(words.get((int) (WORDS * Math.pow(random.nextDouble(), 3))))
                        .append(' ');
            }
            text.append('\n');
        }
        return new TextLines(text.toString());
    }

    /** The characters in the order of their tokens. */
    String alphabet() {
        return alphabet;
    }

    @Override
    public int[] of(long row) {
        int line = (int) (row % lengths.length);
        long shift = row / lengths.length * SHIFT;
        int begin = (int) ((begins[line] + shift) % text.length);
        int[] sequence = new int[lengths[line]];
        Arrays.setAll(sequence, step -> text[(begin + step) % text.length]);
        return sequence;
    }
}
