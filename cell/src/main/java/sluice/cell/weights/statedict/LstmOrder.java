package sluice.cell.weights.statedict;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The order of several LSTM modules, as far as the numbers and words of their names and their widths tell it. */
final class LstmOrder {
    private static final Pattern NUMBER = Pattern.compile("\\d{1,4}");
    private static final Pattern BETWEEN_WORDS = Pattern.compile("[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])");
    private static final Set<String> FORWARD = Set.of("fw", "fwd", "forward", "l2r", "ltr");
    private static final Set<String> BACKWARD =
            Set.of("bw", "bwd", "backward", "rev", "reverse", "reversed", "r2l", "rtl");

    private LstmOrder() {}

    /** By name, with numbers in the order of their values. */
    static Comparator<LstmModule> byName() {
        return Comparator.comparing(module -> NUMBER.matcher(module.prefix())
                .replaceAll(number -> String.format(Locale.ROOT, "%4s", number.group())));
    }

    /**
     * The modules in the order of their numbers, if they are numbered without a gap and each fits the one before, but none of them fits
     * the input of the first: otherwise they could read it side by side.
     */
    static Optional<List<LstmModule>> chain(List<LstmModule> modules) {
        Optional<List<LstmModule>> numbered = numbered(modules);
        if (numbered.isEmpty() || !isStack(numbered.get())) {
            return Optional.empty();
        }
        OptionalLong input = numbered.get().get(0).inputWidth();
        boolean couldReadSideBySide = numbered.get().stream()
                .skip(1)
                .anyMatch(module -> module.inputWidth().equals(input));
        return couldReadSideBySide ? Optional.empty() : numbered;
    }

    /** Whether each module reads as many numbers as the one before gives. */
    static boolean isStack(List<LstmModule> modules) {
        for (int at = 1; at < modules.size(); at++) {
            OptionalLong reads = modules.get(at).inputWidth();
            if (reads.isEmpty() || !reads.equals(modules.get(at - 1).outputWidth())) {
                return false;
            }
        }
        return true;
    }

    /** The modules in the order of the only number in which their prefixes differ, if it counts from 0 or 1. */
    static Optional<List<LstmModule>> numbered(List<LstmModule> modules) {
        List<List<Integer>> numbers = new ArrayList<>();
        Set<String> texts = new HashSet<>();
        for (LstmModule module : modules) {
            Matcher matcher = NUMBER.matcher(module.prefix());
            texts.add(matcher.replaceAll("#"));
            numbers.add(matcher.reset()
                    .results()
                    .map(result -> Integer.valueOf(result.group()))
                    .collect(Collectors.toList()));
        }
        if (texts.size() > 1) {
            return Optional.empty();
        }
        List<Integer> differing = new ArrayList<>();
        for (int place = 0; place < numbers.get(0).size(); place++) {
            int column = place;
            if (numbers.stream().map(row -> row.get(column)).distinct().count() > 1) {
                differing.add(place);
            }
        }
        if (differing.size() != 1) {
            return Optional.empty();
        }
        Map<Integer, LstmModule> byNumber = new TreeMap<>();
        for (int at = 0; at < modules.size(); at++) {
            byNumber.put(numbers.get(at).get(differing.get(0)), modules.get(at));
        }
        List<Integer> order = new ArrayList<>(byNumber.keySet());
        boolean counts = order.size() == modules.size()
                && order.get(0) <= 1
                && order.get(order.size() - 1) - order.get(0) == order.size() - 1;
        return counts ? Optional.of(new ArrayList<>(byNumber.values())) : Optional.empty();
    }

    /** The forward and the backward one of two modules, if words of their names say which is which. */
    static Optional<List<LstmModule>> directions(LstmModule one, LstmModule other) {
        if (has(one, FORWARD) && has(other, BACKWARD)) {
            return Optional.of(List.of(one, other));
        }
        return has(other, FORWARD) && has(one, BACKWARD) ? Optional.of(List.of(other, one)) : Optional.empty();
    }

    private static boolean has(LstmModule module, Set<String> words) {
        return BETWEEN_WORDS
                .splitAsStream(module.prefix())
                .map(word -> word.toLowerCase(Locale.ROOT))
                .anyMatch(words::contains);
    }
}
