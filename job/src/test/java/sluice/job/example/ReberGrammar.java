package sluice.job.example;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Makes {@code submit/example/strings.jsonl}: strings of the embedded Reber grammar, and strings with one symbol
 * changed so that they are none (Hochreiter and Schmidhuber 1997, section 5.1).
 *
 * <p>An embedded Reber string is {@code B o R o E}, where R is a Reber string and o is T or P, the same one at both
 * places: whoever wants to know the second-to-last symbol has to have kept the second one in mind all along. Wherever
 * the grammar leaves a choice, it is one of two symbols, and the strings here take either with probability 1/2.
 *
 * <p>Run this file to write the strings to standard output.
 */
final class ReberGrammar {
    static final String SYMBOLS = "BTPSXVE";
    static final int GRAMMATICAL = 1_000;
    static final int CHANGED = 200;

    /** Of the changed strings, those whose second-to-last symbol is the other one of T and P. */
    static final int OUTER_CHANGED = 100;

    private static final long SEED = 1997;
    private static final int END = -1;

    /** By state: the symbols that may follow, and the states that they lead to; the start is state 0. */
    private static final String[] NEXT_SYMBOLS = {"B", "TP", "SX", "TV", "XS", "PV", "E"};

    private static final int[][] NEXT_STATES = {{1}, {2, 3}, {2, 4}, {3, 5}, {3, 6}, {4, 6}, {END}};

    private final Random random;

    private ReberGrammar(long seed) {
        this.random = new Random(seed);
    }

    /**
     * A string, and the place of the symbol that was changed in it, from 0; null where there is none.
     */
    private record Sample(String text, Integer changed) {
        String json(String id) {
            Integer forbidden = changed == null ? null : forbidden(text);
            return "{\"id\":\"%s\",\"text\":\"%s\",\"changed\":%s,\"forbidden\":%s}\n"
                    .formatted(id, text, changed, forbidden);
        }
    }

    public static void main(String[] arguments) {
        System.out.print(file());
    }

    /** The whole file, the same each time. */
    static String file() {
        return new ReberGrammar(SEED).samples();
    }

    private String samples() {
        Set<String> seen = new HashSet<>();
        List<Sample> samples = new ArrayList<>();
        while (samples.size() < GRAMMATICAL) {
            add(new Sample(embedded(), null), samples, seen);
        }
        while (samples.size() < GRAMMATICAL + OUTER_CHANGED) {
            add(withOtherOuterSymbol(), samples, seen);
        }
        while (samples.size() < GRAMMATICAL + CHANGED) {
            Sample sample = withOtherSymbol();
            if (forbidden(sample.text()) != null) {
                add(sample, samples, seen);
            }
        }
        Collections.shuffle(samples, random);
        return IntStream.range(0, samples.size())
                .mapToObj(at -> samples.get(at).json(String.format(Locale.ROOT, "s%04d", at + 1)))
                .collect(Collectors.joining());
    }

    private static void add(Sample sample, List<Sample> samples, Set<String> seen) {
        if (seen.add(sample.text())) {
            samples.add(sample);
        }
    }

    /** A random string of the embedded grammar. */
    private String embedded() {
        char outer = "TP".charAt(random.nextInt(2));
        StringBuilder text = new StringBuilder("B").append(outer);
        int state = 0;
        while (state != END) {
            int choice = random.nextInt(NEXT_STATES[state].length);
            text.append(NEXT_SYMBOLS[state].charAt(choice));
            state = NEXT_STATES[state][choice];
        }
        return text.append(outer).append('E').toString();
    }

    private Sample withOtherOuterSymbol() {
        String text = embedded();
        int place = text.length() - 2;
        return changed(text, place, text.charAt(place) == 'T' ? 'P' : 'T');
    }

    /** At any place but the first: a model that predicts the next symbol says nothing about that one. */
    private Sample withOtherSymbol() {
        String text = embedded();
        int place = 1 + random.nextInt(text.length() - 1);
        String others = SYMBOLS.replace(text.substring(place, place + 1), "");
        return changed(text, place, others.charAt(random.nextInt(others.length())));
    }

    private static Sample changed(String text, int place, char symbol) {
        return new Sample(text.substring(0, place) + symbol + text.substring(place + 1), place);
    }

    /** The place of the first symbol that the grammar forbids after those before it, or null where it forbids none. */
    private static Integer forbidden(String text) {
        if (text.charAt(0) != 'B') {
            return 0;
        }
        if ("TP".indexOf(text.charAt(1)) < 0) {
            return 1;
        }
        int at = 2;
        for (int state = 0; state != END && at < text.length(); at++) {
            int choice = NEXT_SYMBOLS[state].indexOf(text.charAt(at));
            if (choice < 0) {
                return at;
            }
            state = NEXT_STATES[state][choice];
        }
        String end = text.charAt(1) + "E";
        for (int left = 0; at < text.length(); left++, at++) {
            if (left >= end.length() || end.charAt(left) != text.charAt(at)) {
                return at;
            }
        }
        return null;
    }
}
