package sluice.cell.bench;

import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** In which order sequences come to ONNX Runtime, which pads each batch to its longest. */
enum Padding {
    AS_THEY_COME("as they come"),
    BY_LENGTH("by length"),
    /** What a careful caller could do about duplicates, where there are any. */
    DISTINCT_BY_LENGTH("distinct, by length");

    private final String title;

    Padding(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }

    /** Which sequences to score, in which order, and for each sequence the one that stands for it. */
    record Plan(int[] order, int[] representative) {}

    Plan plan(List<int[]> sequences) {
        int[] representative = new int[sequences.size()];
        Arrays.setAll(representative, s -> s);
        if (this == DISTINCT_BY_LENGTH) {
            Map<IntBuffer, Integer> known = new HashMap<>();
            Arrays.setAll(representative, s -> known.computeIfAbsent(IntBuffer.wrap(sequences.get(s)), unseen -> s));
        }
        Integer[] order = Arrays.stream(representative).distinct().boxed().toArray(Integer[]::new);
        if (this != AS_THEY_COME) {
            Arrays.sort(order, Comparator.comparingInt(s -> sequences.get(s).length));
        }
        return new Plan(Arrays.stream(order).mapToInt(s -> s).toArray(), representative);
    }
}
