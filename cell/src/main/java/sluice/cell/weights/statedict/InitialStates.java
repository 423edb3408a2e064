package sluice.cell.weights.statedict;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.Shape;

/**
 * Learned initial states of an {@code nn.LSTM}: two parameters whose names differ in h and c, such as {@code h0} and {@code c0}, of shape
 * (L * D, 1, H), as {@code nn.LSTM} takes them, or (L * D, H) with at least two rows. L is the number of layers and D of directions. Of an {@code nn.LSTMCell} the shape is (1, H).
 *
 * <p>They belong to the LSTM if they are parameters of the LSTM itself or of a module around it. Of an {@code nn.LSTM} a matrix of one row
 * could be anything and is not taken.
 */
final class InitialStates {
    private static final String MARK = "(?:lstm|rnn|init|initial|learned|learnable|start|state|states)";

    /** The last part of a name: {@code h0}, {@code init_h}, {@code lstm_init_h}, {@code initial_hidden_state}. */
    private static final Pattern NAME = Pattern.compile("(?<path>|.*\\.)(?<before>(?:" + MARK
            + "_)*)(?<state>hidden|cell|hx|cx|h|c)(?<after>_?0|(?:_(?:" + MARK + "|0))*)");

    private static final Map<String, String> CELL_OF = Map.of("h", "c", "hx", "cx", "hidden", "cell");

    /** A pair of tensors. */
    record Pair(String hidden, String cell) {}

    private InitialStates() {}

    /** Whether the name says that it is an initial state. */
    static boolean isNamed(String name) {
        return marked(name).isPresent();
    }

    private static Optional<Matcher> marked(String name) {
        Matcher matcher = NAME.matcher(name);
        boolean isMarked = matcher.matches()
                && !(matcher.group("before").isEmpty() && matcher.group("after").isEmpty());
        return isMarked ? Optional.of(matcher) : Optional.empty();
    }

    /**
     * The only pair whose names and shapes fit the layers of one {@code nn.LSTM} or {@code nn.LSTMCell}.
     *
     * @throws ModelException if {@code model.ignore} names it
     */
    static Optional<Pair> find(NamedTensors tensors, LstmModule module, List<LstmLayer> layers) {
        List<Pair> all = pairs(tensors, module, directions(layers));
        List<Pair> pairs = all.stream()
                .filter(pair -> tensors.has(pair.hidden()) && tensors.has(pair.cell()))
                .toList();
        if (pairs.isEmpty() && !all.isEmpty()) {
            throw new ModelException(
                    "model.ignore names %s or %s, which are learned initial states of the LSTM: take them out of model.ignore"
                            .formatted(
                                    tensors.describe(all.get(0).hidden()),
                                    tensors.describe(all.get(0).cell())));
        }
        return pairs.size() == 1 ? Optional.of(pairs.get(0)) : Optional.empty();
    }

    private static List<Pair> pairs(NamedTensors tensors, LstmModule module, List<LstmDirection> directions) {
        List<Pair> pairs = new ArrayList<>();
        for (String name : tensors.allNames()) {
            marked(name)
                    .filter(matcher -> module.prefix().startsWith(matcher.group("path")))
                    .flatMap(InitialStates::pair)
                    .filter(pair -> tensors.allNames().contains(pair.cell())
                            && fits(tensors, pair, directions, module.isCell()))
                    .ifPresent(pairs::add);
        }
        return pairs;
    }

    /** The names of a hidden state and its cell state; empty for the name of a cell state. */
    private static Optional<Pair> pair(Matcher hidden) {
        return Optional.ofNullable(CELL_OF.get(hidden.group("state")))
                .map(cell -> new Pair(
                        hidden.group(), hidden.group("path") + hidden.group("before") + cell + hidden.group("after")));
    }

    private static boolean fits(NamedTensors tensors, Pair pair, List<LstmDirection> directions, boolean ofCell) {
        Shape hidden = tensors.shape(pair.hidden());
        Shape cell = tensors.shape(pair.cell());
        return hidden.rank() == cell.rank()
                && fits(hidden, directions.size(), directions.get(0).outputWidth(), ofCell)
                && fits(cell, directions.size(), directions.get(0).hiddenWidth(), ofCell);
    }

    private static List<LstmDirection> directions(List<LstmLayer> layers) {
        return layers.stream().flatMap(layer -> layer.directions().stream()).toList();
    }

    private static boolean fits(Shape shape, int states, int width, boolean ofCell) {
        return shape.equals(Shape.of(states, 1, width))
                || ((states > 1 || ofCell) && shape.equals(Shape.of(states, width)));
    }

    /** The layers with these initial states: layer by layer, forward before backward. */
    static List<LstmLayer> apply(NamedTensors tensors, Pair pair, List<LstmLayer> layers) throws IOException {
        List<LstmDirection> started = new ArrayList<>();
        float[] hidden = tensors.values(pair.hidden());
        float[] cell = tensors.values(pair.cell());
        List<LstmDirection> directions = directions(layers);
        for (int at = 0; at < directions.size(); at++) {
            started.add(directions.get(at).startingFrom(row(hidden, at, directions), row(cell, at, directions)));
        }
        List<LstmLayer> result = new ArrayList<>();
        int at = 0;
        for (LstmLayer layer : layers) {
            if (layer.directions().size() == 1) {
                result.add(LstmLayer.of(started.get(at)));
            } else {
                result.add(LstmLayer.bidirectional(started.get(at), started.get(at + 1), layer.merge()));
            }
            at += layer.directions().size();
        }
        return result;
    }

    private static float[] row(float[] states, int at, List<LstmDirection> directions) {
        int width = states.length / directions.size();
        return Arrays.copyOfRange(states, at * width, (at + 1) * width);
    }
}
