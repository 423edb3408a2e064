package sluice.cell;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;
import sluice.cell.model.Readout;

/** The requested outputs, the same for every sequence. Immutable. */
public final class ScoreRequest implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int TOP = -1;

    // Written by the constructors, and by the with... methods to their copy only.
    private final Steps at;
    private OutputKind[] kinds;
    private int topK;
    private final int gatesLayer; // or TOP
    private int firstClass;
    private final boolean candidates;
    private boolean exclusions;
    private float temperature = 1;
    private Pooling pooling = Pooling.LAST;
    private Windows windows; // or null
    private boolean next; // whether the only target is the token that follows a sequence
    /** The kinds as a list, built once because every row reads it; null after deserialization. */
    private transient List<OutputKind> list;

    private ScoreRequest(ScoreRequest other) {
        this(other, other.at);
    }

    private ScoreRequest(ScoreRequest other, Steps at) {
        this.at = at;
        this.kinds = other.kinds;
        this.topK = other.topK;
        this.gatesLayer = other.gatesLayer;
        this.firstClass = other.firstClass;
        this.candidates = other.candidates;
        this.exclusions = other.exclusions;
        this.temperature = other.temperature;
        this.pooling = other.pooling;
        this.windows = other.windows;
        this.next = other.next;
    }

    /** The same as {@link #ScoreRequest(Steps, Collection, int, OptionalInt)}, with the gates of the top layer. */
    public ScoreRequest(Steps at, Collection<OutputKind> kinds, int topK) {
        this(at, kinds, topK, OptionalInt.empty());
    }

    /**
     * @param kinds in any order; duplicates count once
     * @param topK number of classes in {@link OutputKind#TOPK}, at least 1
     * @param gatesLayer the layer of {@link OutputKind#GATES}, 0 the lowest; empty: the top one
     * @throws IllegalArgumentException where there is no kind, one that is not available at these steps, or a layer below 0
     */
    public ScoreRequest(Steps at, Collection<OutputKind> kinds, int topK, OptionalInt gatesLayer) {
        this(at, kinds, topK, gatesLayer, false);
    }

    private ScoreRequest(Steps at, Collection<OutputKind> kinds, int topK, OptionalInt gatesLayer, boolean candidates) {
        if (kinds.isEmpty()) {
            throw new IllegalArgumentException(
                    "nothing to emit: expected at least one of " + names(List.of(OutputKind.values())));
        }
        requireTopK(topK);
        for (OutputKind kind : kinds) {
            if (!kind.availableAt(at) && !(candidates && kind == OutputKind.RANK)) {
                Steps other = at == Steps.LAST ? Steps.EACH : Steps.LAST;
                String candidatesToo =
                        kind == OutputKind.RANK ? ", or set output.candidates for ranks of candidates" : "";
                throw new IllegalArgumentException(
                        "%s is not available at %s: choose any of %s, or set output.at = %s%s"
                                .formatted(name(kind), name(at), availableAt(at), name(other), candidatesToo));
            }
        }
        this.at = at;
        this.kinds = EnumSet.copyOf(kinds).toArray(OutputKind[]::new);
        this.topK = topK;
        this.gatesLayer = gatesLayer.orElse(TOP);
        this.firstClass = 0;
        this.candidates = candidates;
        if (gatesLayer.isPresent() && gatesLayer.getAsInt() < 0) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT, "gates of layer %d: expected 0, the lowest, or above", gatesLayer.getAsInt()));
        }
    }

    /** The same request plus {@link OutputKind#STATE}, the final state of each sequence, also where each step is answered. */
    public ScoreRequest withFinalState() {
        Set<OutputKind> more = EnumSet.of(OutputKind.STATE, kinds);
        ScoreRequest copy = new ScoreRequest(this);
        copy.kinds = more.toArray(OutputKind[]::new);
        return copy;
    }

    /**
     * A request for the last step whose answer is about candidates, other ones for each sequence: softmax, logits, sigmoid and rank have one
     * value for each candidate, in their order; top-k and prediction are the best of them. The probabilities are those of the softmax over
     * all classes. {@link OutputKind#RANK} is 1 + the number of candidates that are strictly more probable.
     *
     * @throws IllegalArgumentException as {@link #ScoreRequest(Steps, Collection, int, OptionalInt)}
     */
    public static ScoreRequest ofCandidates(Collection<OutputKind> kinds, int topK, OptionalInt gatesLayer) {
        return new ScoreRequest(Steps.LAST, kinds, topK, gatesLayer, true);
    }

    /**
     * The same request, with classes that each sequence excludes from top-k and prediction.
     *
     * @throws IllegalArgumentException if each step is answered
     */
    public ScoreRequest withExclusions() {
        if (at != Steps.LAST) {
            throw new IllegalArgumentException("classes are excluded from the answer at the last step only");
        }
        ScoreRequest copy = new ScoreRequest(this);
        copy.exclusions = true;
        return copy;
    }

    /**
     * The same request with logits that are divided by a temperature before a softmax or a sigmoid. Logits, ranks and the order of classes
     * stay as they are.
     *
     * @param divisor 1 keeps all bits
     * @throws IllegalArgumentException if it is not a finite number above 0
     */
    public ScoreRequest withTemperature(float divisor) {
        if (!(divisor > 0) || Float.isInfinite(divisor)) {
            throw new IllegalArgumentException("a temperature of %s: expected a number above 0".formatted(divisor));
        }
        ScoreRequest copy = new ScoreRequest(this);
        copy.temperature = divisor;
        return copy;
    }

    /**
     * The same request with hidden states of all steps as one vector.
     *
     * @throws IllegalArgumentException if each step is answered
     */
    public ScoreRequest withPooling(Pooling how) {
        if (how != Pooling.LAST && at != Steps.LAST) {
            throw new IllegalArgumentException(
                    "the %s of the hidden states is one vector for each sequence, and each step is answered"
                            .formatted(name(how)));
        }
        ScoreRequest copy = new ScoreRequest(this);
        copy.pooling = how;
        return copy;
    }

    /**
     * The same request for a model whose class k is token {@code k + first}, for example because token 0 is padding without a class.
     *
     * @param first the token of class 0
     * @throws IllegalArgumentException if it is negative
     */
    public ScoreRequest withFirstClass(int first) {
        if (first < 0) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "a first class of token %d: expected 0 or more", first));
        }
        ScoreRequest copy = new ScoreRequest(this);
        copy.firstClass = first;
        return copy;
    }

    /**
     * The same request, each step answered from its window alone.
     *
     * @throws IllegalArgumentException if a requested kind has no meaning for windows
     */
    public ScoreRequest withWindows(Windows of) {
        for (OutputKind kind : kinds) {
            if (kind == OutputKind.STATE || kind == OutputKind.GATES) {
                throw new IllegalArgumentException(
                        "%s is not available with windows: each window starts from the model's own state and has %s; leave it out, or set input.window = none"
                                .formatted(
                                        name(kind),
                                        kind == OutputKind.STATE
                                                ? "no state that a later run can continue from"
                                                : "gates of its own at each of its steps"));
            }
        }
        ScoreRequest copy = new ScoreRequest(this);
        copy.windows = of;
        return copy;
    }

    /**
     * The request for one window as a sequence of its own: at the last step, with the token that {@linkplain Sequence#next() follows} the
     * window as its only target.
     *
     * @param targets whether the kinds about targets are requested
     * @param others whether the other kinds are
     */
    public ScoreRequest ofOneWindow(boolean targets, boolean others) {
        ScoreRequest copy = new ScoreRequest(this, Steps.LAST);
        copy.kinds = Arrays.stream(kinds)
                .filter(kind -> needsTargets(kind) ? targets : others)
                .toArray(OutputKind[]::new);
        copy.windows = null;
        copy.next = true;
        return copy;
    }

    /**
     * The same request for another number of classes in {@link OutputKind#TOPK}.
     *
     * @throws IllegalArgumentException if it is below 1
     */
    public ScoreRequest withTopK(int k) {
        requireTopK(k);
        ScoreRequest copy = new ScoreRequest(this);
        copy.topK = k;
        return copy;
    }

    private static void requireTopK(int topK) {
        if (topK < 1) {
            throw new IllegalArgumentException(String.format(Locale.ROOT, "top-k of %d: expected at least 1", topK));
        }
    }

    private static String availableAt(Steps at) {
        return names(Arrays.stream(OutputKind.values())
                .filter(kind -> kind.availableAt(at))
                .toList());
    }

    private static String names(Collection<OutputKind> kinds) {
        return kinds.stream().map(ScoreRequest::name).collect(Collectors.joining(", "));
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    public Steps at() {
        return at;
    }

    /** The windows from which steps are answered; empty: from all steps before. */
    public Optional<Windows> windows() {
        return Optional.ofNullable(windows);
    }

    /** Whether the only target of a sequence is the token that {@linkplain Sequence#next() follows} it, not those within it. */
    public boolean targetsNext() {
        return next;
    }

    /** Index of the first answered step of a sequence of this many steps; {@code steps} if none is answered. */
    public int firstAnswer(int steps) {
        if (at == Steps.LAST) {
            return Math.max(0, steps - 1);
        }
        return windows == null ? 0 : windows.firstAnswer(steps);
    }

    /** Number of answered steps of a sequence of this many steps. */
    public int answers(int steps) {
        return at == Steps.LAST ? 1 : steps - firstAnswer(steps);
    }

    /** Index of the first token of a sequence that is a target; {@code steps} if none is. */
    public int firstTarget(int steps) {
        return windows == null ? Math.min(1, steps) : windows.firstTarget(steps);
    }

    /** Without duplicates, in the order of the output columns. */
    public List<OutputKind> kinds() {
        List<OutputKind> known = list;
        if (known == null) {
            known = List.of(kinds);
            list = known;
        }
        return known;
    }

    public boolean asksFor(OutputKind kind) {
        return Arrays.asList(kinds).contains(kind);
    }

    public int topK() {
        return topK;
    }

    /** The token of class 0: class k is token {@code k + firstClass}. */
    public int firstClass() {
        return firstClass;
    }

    /**
     * The layer of {@link OutputKind#GATES}, 0 the lowest.
     *
     * @throws IllegalArgumentException where the model has no such layer
     */
    public int gatesLayer(LstmModel model) {
        return gatesLayer(model.layers().size());
    }

    public int gatesLayer(int layers) {
        int top = layers - 1;
        if (gatesLayer > top) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "gates of layer %d from a model of %d layer%s: expected a layer from 0, the lowest, to %d; set output.gates-layer",
                    gatesLayer,
                    layers,
                    layers == 1 ? "" : "s",
                    top));
        }
        return gatesLayer == TOP ? top : gatesLayer;
    }

    /** Whether any kind needs the model's output layer. */
    public boolean needsOutputLayer() {
        return Arrays.stream(kinds).anyMatch(OutputKind::needsOutputLayer);
    }

    /** Whether any kind is about the sequence's own next tokens. */
    public boolean needsTargets() {
        return Arrays.stream(kinds).anyMatch(this::needsTargets);
    }

    /** Whether all kinds are about the sequence's own next tokens. */
    public boolean needsTargetsOnly() {
        return Arrays.stream(kinds).allMatch(this::needsTargets);
    }

    /** Whether a kind of this request is about the sequence's own next tokens; ranks of candidates are not. */
    public boolean needsTargets(OutputKind kind) {
        return kind.needsTargets() && !ranksCandidates(kind);
    }

    /** Whether the ranks of next tokens are requested. */
    public boolean ranksTargets() {
        return asksFor(OutputKind.RANK) && !candidates;
    }

    /** Whether the ranks of candidates are requested. */
    public boolean ranksCandidates() {
        return asksFor(OutputKind.RANK) && candidates;
    }

    private boolean ranksCandidates(OutputKind kind) {
        return candidates && kind == OutputKind.RANK;
    }

    /** Whether any kind is computed from the output layer for each answered step. */
    public boolean needsDistribution() {
        return Arrays.stream(kinds).anyMatch(kind -> kind.isDistribution() || ranksCandidates(kind));
    }

    /** Whether a distribution needs the sum of a softmax, for which all logits are computed. */
    public boolean needsSum() {
        return asksFor(OutputKind.SOFTMAX) || asksFor(OutputKind.TOPK);
    }

    /** Whether the answer is about candidates. */
    public boolean hasCandidates() {
        return candidates;
    }

    /** Whether classes are excluded from top-k and prediction. */
    public boolean hasExclusions() {
        return exclusions;
    }

    /** Whether sequences choose the classes that their answers are about. */
    public boolean choosesClasses() {
        return candidates || exclusions;
    }

    /** Whether the values of a kind are about the classes that sequences choose. */
    public boolean isChosen(OutputKind kind) {
        return isOfCandidates(kind) || kind == OutputKind.PREDICTION || kind == OutputKind.TOPK;
    }

    /** Whether a kind has one number for each candidate. */
    public boolean isOfCandidates(OutputKind kind) {
        return candidates
                && switch (kind) {
                    case SOFTMAX, LOGITS, SIGMOID, RANK -> true;
                    default -> false;
                };
    }

    /** Divides logits before a softmax or a sigmoid. */
    public float temperature() {
        return temperature;
    }

    /** Which hidden state a sequence has at the last step. */
    public Pooling pooling() {
        return pooling;
    }

    /**
     * Checks that the model has what the request needs.
     *
     * @throws IllegalArgumentException if the model lacks it
     */
    public void requireAnswerableBy(LstmModel model) {
        for (OutputKind kind : kinds) {
            if (kind.needsOutputLayer() && model.output().isEmpty()) {
                throw new IllegalArgumentException(
                        "the model has no output layer, so it has no %s: use --emit hidden, cell, state or gates, or set model.output to its output layer"
                                .formatted(name(kind)));
            }
            if (kind.needsOutputLayer() && model.readout() == Readout.FINAL_STATES) {
                requireLastStep(kind);
            }
        }
        requireClasses(model);
        if (asksFor(OutputKind.GATES)) {
            gatesLayer(model);
        }
    }

    /** An output layer that reads a backward direction's final state answers the whole sequence, so a single step has no answer. */
    private void requireLastStep(OutputKind kind) {
        boolean endsThere = windows != null || next; // a window is a whole sequence
        if (!endsThere && (at == Steps.EACH || needsTargets(kind))) {
            throw new IllegalArgumentException(
                    ("%s is not available for each step: the model's output layer reads the final states of both directions, which "
                                    + "are known only after the whole sequence; ask at last, for %s")
                            .formatted(
                                    name(kind),
                                    names(Arrays.stream(OutputKind.values())
                                            .filter(OutputKind::isDistribution)
                                            .toList())));
        }
    }

    private void requireClasses(LstmModel model) {
        int classes = model.output().map(OutputLayer::classes).orElse(0);
        for (OutputKind kind : kinds) {
            if (kind.comparesClasses() && classes == 1) {
                throw new IllegalArgumentException(
                        ("the model has one output, so its %s would be the same for every sequence: set output.emit (--emit) to logits "
                                        + "for the output itself, as of a regression, or to sigmoid for the probability of yes")
                                .formatted(name(kind)));
            }
        }
        if (asksFor(OutputKind.TOPK)) {
            if (topK > classes) {
                throw new IllegalArgumentException(String.format(
                        Locale.ROOT,
                        "top-k of %d from a model of %d classes: expected at most %d",
                        topK,
                        classes,
                        classes));
            }
        }
    }
}
