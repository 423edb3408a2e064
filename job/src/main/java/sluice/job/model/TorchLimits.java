package sluice.job.model;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;

/** Properties of a model that PyTorch's {@code nn.LSTM} doesn't have, although its tensors can be loaded. */
final class TorchLimits {
    private TorchLimits() {}

    /** What {@code nn.LSTM} lacks for this model, as text; empty if it computes the same. */
    static List<String> exceededBy(LstmModel model) {
        List<LstmLayer> layers = model.layers();
        return Stream.of(
                        limit(
                                differ(layers, layer -> layer.directions().size()),
                                "layers of one and of two directions"),
                        limit(differ(model.directions(), LstmDirection::hiddenWidth), "layers of different widths"),
                        limit(
                                differ(
                                        model.directions(),
                                        direction -> direction
                                                .projection()
                                                .map(projection -> projection.rows())
                                                .orElse(0)),
                                "different projections"),
                        limit(
                                any(
                                        model,
                                        direction -> direction.projection().isPresent()
                                                && direction.outputWidth() >= direction.hiddenWidth()),
                                "a projection that is not narrower than the cell"),
                        limit(
                                layers.stream()
                                        .anyMatch(layer ->
                                                layer.directions().get(0).reversed()),
                                "a layer that reads backward only"),
                        layers.stream()
                                .filter(layer ->
                                        layer.directions().size() > 1 && layer.merge() != LstmLayer.Merge.CONCAT)
                                .findFirst()
                                .map(layer -> "directions merged by "
                                        + layer.merge().name().toLowerCase(Locale.ROOT)),
                        model.directions().stream()
                                .filter(direction -> !direction.variant().isPlain())
                                .findFirst()
                                .map(direction -> "another cell (%s)".formatted(direction.variant())),
                        limit(
                                any(
                                        model,
                                        direction ->
                                                isSet(direction.initialHidden()) || isSet(direction.initialCell())),
                                "initial states of its own"))
                .flatMap(Optional::stream)
                .toList();
    }

    private static Optional<String> limit(boolean exceeded, String text) {
        return exceeded ? Optional.of(text) : Optional.empty();
    }

    private static boolean any(LstmModel model, Predicate<LstmDirection> property) {
        return model.directions().stream().anyMatch(property);
    }

    private static <T> boolean differ(List<T> parts, Function<T, Integer> property) {
        return parts.stream().map(property).distinct().count() > 1;
    }

    private static boolean isSet(float[] state) {
        for (float value : state) {
            if (value != 0) {
                return true;
            }
        }
        return false;
    }
}
