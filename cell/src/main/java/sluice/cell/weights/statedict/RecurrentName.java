package sluice.cell.weights.statedict;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a tensor of PyTorch's {@code nn.LSTM} ({@code lstm.weight_ih_l0_reverse}) or {@code nn.LSTMCell}
 * ({@code cell.weight_ih}), and of {@code nn.GRU} and {@code nn.RNN}, which use the same names.
 *
 * @param prefix path of the module that the tensor belongs to
 * @param kind {@code weight_ih}, {@code weight_hh}, {@code weight_hr}, {@code bias_ih} or {@code bias_hh}
 * @param layer layer number; 0 for a cell
 */
record RecurrentName(String prefix, String kind, boolean cell, int layer, boolean reversed) {
    private static final Pattern NAME =
            Pattern.compile("(?<prefix>.*?)(?<kind>weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)"
                    + "(?:_l(?<layer>0|[1-9]\\d{0,3})(?<reverse>_reverse)?)?");

    static Optional<RecurrentName> parse(String name) {
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String layer = matcher.group("layer");
        return Optional.of(new RecurrentName(
                matcher.group("prefix"),
                matcher.group("kind"),
                layer == null,
                layer == null ? 0 : Integer.parseInt(layer),
                matcher.group("reverse") != null));
    }

    /** The name without its prefix. */
    String suffix() {
        return kind + (cell ? "" : "_l" + layer) + (reversed ? "_reverse" : "");
    }

    /** Whether every LSTM has a tensor of this kind. */
    boolean isWeight() {
        return kind.equals("weight_ih") || kind.equals("weight_hh");
    }
}
