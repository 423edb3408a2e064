package sluice.cell.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** A source of sequences. */
abstract class Corpus {
    private static final String TEXT = "sluice.bench.text";
    private static final String LOGS = "sluice.bench.logs";

    /**
     * Sequences with about this number of tokens together; empty if their file is not given.
     *
     * @param multiple the number of random sequences is a multiple of this, so that batches are full
     */
    abstract Optional<List<int[]>> sequences(long tokens, int multiple);

    /** Whether lengths differ. */
    abstract boolean ragged();

    /** The message if there are no sequences. */
    abstract String absence();

    /** Random tokens, all sequences of one length. */
    static Corpus random(int vocabulary, int length) {
        return new Corpus() {
            @Override
            Optional<List<int[]>> sequences(long tokens, int multiple) {
                SplittableRandom random = new SplittableRandom(length);
                long batches = Math.max(1, tokens / length / multiple);
                return Optional.of(
                        Stream.generate(() -> random.ints(length, 0, vocabulary).toArray())
                                .limit(batches * multiple)
                                .toList());
            }

            @Override
            boolean ragged() {
                return false;
            }

            @Override
            String absence() {
                throw new AssertionError("random tokens are never absent");
            }
        };
    }

    /** The non-empty lines of a text, with their line ends. A token is a character, numbered in Unicode order. */
    static Corpus lines(int vocabulary) {
        return new FromFile(TEXT, "a text of at most %d different characters".formatted(vocabulary)) {
            @Override
            List<int[]> parse(String text) {
                int[] alphabet = text.chars().distinct().sorted().toArray();
                if (alphabet.length > vocabulary) {
                    throw new IllegalArgumentException("-D%s: a text of %d different characters, expected at most %d"
                            .formatted(TEXT, alphabet.length, vocabulary));
                }
                return text.lines()
                        .filter(line -> !line.isEmpty())
                        .map(line -> (line + "\n")
                                .chars()
                                .map(character -> Arrays.binarySearch(alphabet, character))
                                .toArray())
                        .toList();
            }
        };
    }

    /** Sessions of a log, one per line: events 1 to {@code vocabulary}, separated by blanks. */
    static Corpus sessions(int vocabulary) {
        return new FromFile(LOGS, "sessions of events 1 to %d, one session per line".formatted(vocabulary)) {
            @Override
            List<int[]> parse(String text) {
                return text.lines()
                        .filter(line -> !line.isBlank())
                        .map(line -> Arrays.stream(line.trim().split("\\s+"))
                                .mapToInt(event -> Integer.parseInt(event) - 1)
                                .toArray())
                        .toList();
            }
        };
    }

    /** Reads a file that a system property names. */
    private abstract static class FromFile extends Corpus {
        private final String property;
        private final String contents;

        FromFile(String property, String contents) {
            this.property = property;
            this.contents = contents;
        }

        abstract List<int[]> parse(String text);

        @Override
        Optional<List<int[]>> sequences(long tokens, int multiple) {
            return Optional.ofNullable(System.getProperty(property)).map(file -> first(parse(read(file)), tokens));
        }

        private static String read(String file) {
            try {
                return Files.readString(Path.of(file));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static List<int[]> first(List<int[]> sequences, long tokens) {
            List<int[]> first = new ArrayList<>();
            long taken = 0;
            for (int[] sequence : sequences) {
                if (taken < tokens) {
                    first.add(sequence);
                    taken += sequence.length;
                }
            }
            return first;
        }

        @Override
        boolean ragged() {
            return true;
        }

        @Override
        String absence() {
            return "skipped: name %s with -D%s=FILE".formatted(contents, property);
        }
    }
}
