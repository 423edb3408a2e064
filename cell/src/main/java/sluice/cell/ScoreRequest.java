package sluice.cell;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;
import sluice.cell.model.Readout;

/** What is asked of every sequence. Immutable. */
public final class ScoreRequest implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int TOP = -1;

    private final Steps at;
    private final OutputKind[] emissions;
    private final int topK;
    private final int gatesLayer; // or TOP
    /** The emissions, asked for with every row; null until then, as it does not travel. */
    private transient List<OutputKind> list;

    private ScoreRequest(Steps at, OutputKind[] emissions, int topK, int gatesLayer) {
        this.at = at;
        this.emissions = emissions;
        this.topK = topK;
        this.gatesLayer = gatesLayer;
    }

    /** Asks as {@link #ScoreRequest(OutputAt, Collection, int, OptionalInt)} does, for the gates of the top layer. */
    public ScoreRequest(Steps at, Collection<OutputKind> emissions, int topK) {
        this(at, emissions, topK, OptionalInt.empty());
    }

    /**
     * @param topK how many classes {@link OutputKind#TOPK} lists, at least 1
     * @param gatesLayer the layer that {@link OutputKind#GATES} tells of, 0 the lowest; empty: the top one
     * @throws IllegalArgumentException where nothing is asked, something that isn't told at these steps, or a layer below 0
     */
    public ScoreRequest(Steps at, Collection<OutputKind> emissions, int topK, OptionalInt gatesLayer) {
        if (emissions.isEmpty()) {
            throw new IllegalArgumentException(
                    "nothing to emit: expected at least one of " + names(List.of(OutputKind.values())));
        }
        if (topK < 1) {
            throw new IllegalArgumentException("top-k of %d: expected at least 1".formatted(topK));
        }
        for (OutputKind emission : emissions) {
            if (!emission.toldAt(at)) {
                throw new IllegalArgumentException("%s can't be told at %s: there it can be any of %s"
                        .formatted(name(emission), name(at), toldAt(at)));
            }
        }
        this.at = at;
        this.emissions = EnumSet.copyOf(emissions).toArray(OutputKind[]::new);
        this.topK = topK;
        this.gatesLayer = gatesLayer.orElse(TOP);
        if (gatesLayer.isPresent() && gatesLayer.getAsInt() < 0) {
            throw new IllegalArgumentException(
                    "gates of layer %d: expected 0, the lowest, or above".formatted(gatesLayer.getAsInt()));
        }
    }

    /**
     * The same request, and beside its answers the {@link OutputKind#STATE} that each sequence ends in, at whatever steps they are told.
     */
    public ScoreRequest withFinalState() {
        Set<OutputKind> more = EnumSet.of(OutputKind.STATE, emissions);
        return new ScoreRequest(at, more.toArray(OutputKind[]::new), topK, gatesLayer);
    }

    private static String toldAt(Steps at) {
        return names(Arrays.stream(OutputKind.values())
                .filter(emission -> emission.toldAt(at))
                .toList());
    }

    private static String names(Collection<OutputKind> emissions) {
        return emissions.stream().map(ScoreRequest::name).collect(Collectors.joining(", "));
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    public Steps at() {
        return at;
    }

    /** In the order of the columns that tell them. */
    public List<OutputKind> emissions() {
        List<OutputKind> known = list;
        if (known == null) {
            known = List.of(emissions);
            list = known;
        }
        return known;
    }

    public boolean asksFor(OutputKind emission) {
        return Arrays.asList(emissions).contains(emission);
    }

    public int topK() {
        return topK;
    }

    /**
     * The layer whose gates are told, 0 the lowest.
     *
     * @throws IllegalArgumentException where the model has no such layer
     */
    public int gatesLayer(LstmModel model) {
        return gatesLayer(model.layers().size());
    }

    public int gatesLayer(int layers) {
        int top = layers - 1;
        if (gatesLayer > top) {
            throw new IllegalArgumentException(
                    "gates of layer %d from a model of %d layer%s: expected a layer from 0, the lowest, to %d; set output.gates-layer"
                            .formatted(gatesLayer, layers, layers == 1 ? "" : "s", top));
        }
        return gatesLayer == TOP ? top : gatesLayer;
    }

    /** Whether a sequence's own next tokens are spoken of. */
    public boolean needsTargets() {
        return Arrays.stream(emissions).anyMatch(OutputKind::needsTargets);
    }

    /** Whether nothing else is. */
    public boolean asksOfTargetsOnly() {
        return Arrays.stream(emissions).allMatch(OutputKind::needsTargets);
    }

    /**
     * Checks that the model can answer.
     *
     * @throws IllegalArgumentException where it can't
     */
    public void requireAnswerableBy(LstmModel model) {
        for (OutputKind emission : emissions) {
            if (emission.needsOutputLayer() && model.output().isEmpty()) {
                throw new IllegalArgumentException(
                        "the model has no output layer, so it has no %s: ask for hidden, cell, state or gates, or name its output"
                                        .formatted(name(emission))
                                + " layer with model.output");
            }
            if (emission.needsOutputLayer() && model.readout() == Readout.FINAL_STATES) {
                requireAtEnd(emission);
            }
        }
        requireClasses(model);
        if (asksFor(OutputKind.GATES)) {
            gatesLayer(model);
        }
    }

    /** Where the output layer reads what a backward direction has made of the whole sequence, no step has an answer of its own. */
    private void requireAtEnd(OutputKind emission) {
        if (at == Steps.EACH || emission.needsTargets()) {
            throw new IllegalArgumentException(
                    ("%s can't be told after each step: the model's output layer reads the final states of both directions, which "
                                    + "are known once a sequence has been read; ask at last, for %s")
                            .formatted(
                                    name(emission),
                                    names(List.of(OutputKind.SOFTMAX, OutputKind.PREDICTION, OutputKind.TOPK))));
        }
    }

    private void requireClasses(LstmModel model) {
        if (asksFor(OutputKind.TOPK)) {
            int classes = model.output().map(OutputLayer::classes).orElseThrow();
            if (topK > classes) {
                throw new IllegalArgumentException("top-k of %d from a model of %d classes: expected at most %d"
                        .formatted(topK, classes, classes));
            }
        }
    }
}
