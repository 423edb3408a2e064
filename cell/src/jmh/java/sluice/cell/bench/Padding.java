package sluice.cell.bench;

import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The order in which sequences are batched for ONNX Runtime; each batch is padded to its longest sequence. */
enum Padding {
    AS_THEY_COME("as they come"),
    BY_LENGTH("by length"),
    /** Each distinct sequence once, as a careful caller could do. */
    DISTINCT_BY_LENGTH("distinct, by length");

    private final String title;

    Padding(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }

    /** The sequences to score, in order, and for each sequence the index of the one whose answer it shares. */
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
