package sluice.cell;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import sluice.cell.model.Embedding;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;

/**
 * Checks whether a sequence can be scored by one model for one request. Immutable.
 *
 * <p>A sequence that passes is scored without overflow of float32.
 */
public final class SequenceRules {
    /** Largest magnitude of a feature. */
    public static final float MAX_FEATURE = 0x1p60f;

    /** Largest magnitude of a value in a state. */
    public static final float MAX_STATE = 0x1p40f;

    private final LstmModel model;
    private final InputKind input;
    private final int tokens;
    private final int padding; // padding token, or -1
    private final int featureWidth;
    private final int classes;
    private final ScoreRequest request;
    private final boolean targets;
    private final int firstClass;
    private final int maxLength;

    public SequenceRules(LstmModel model, InputKind input, ScoreRequest request) {
        this.model = model;
        this.input = input;
        this.tokens = model.tokens();
        this.padding = model.embedding()
                .map(Embedding::padding)
                .orElse(OptionalInt.empty())
                .orElse(-1);
        this.featureWidth = model.inputWidth();
        this.classes = model.output().map(OutputLayer::classes).orElse(0);
        this.request = request;
        this.targets = request.needsTargets();
        this.firstClass = request.firstClass();
        this.maxLength = maxLength(model, request);
    }

    /** A layer's states (steps + 1 rows) must fit one array, and so must its gates if they are requested. */
    private static int maxLength(LstmModel model, ScoreRequest request) {
        int widest = model.inputWidth();
        for (LstmLayer layer : model.layers()) {
            int cells = layer.directions().stream()
                    .mapToInt(LstmDirection::hiddenWidth)
                    .sum();
            widest = Math.max(widest, Math.max(layer.outputWidth(), cells));
        }
        if (request.asksFor(OutputKind.GATES)) {
            LstmLayer gatesOf = model.layers().get(request.gatesLayer(model));
            for (LstmDirection direction : gatesOf.directions()) {
                widest = Math.max(widest, Gate.COUNT * direction.hiddenWidth());
            }
        }
        return (Integer.MAX_VALUE - 8) / widest - 1;
    }

    /** Largest number of steps of a sequence. */
    public int maxLength() {
        return maxLength;
    }

    /** The defect of this sequence, or empty if it can be scored. */
    public Optional<Defect> check(Sequence sequence) {
        Defect defect = lengthDefect(sequence);
        if (defect == null) {
            defect = input.takesTokens() ? tokenDefect(sequence) : featureDefect(sequence);
        }
        if (defect == null && targets) {
            defect = targetDefect(sequence);
        }
        if (defect == null) {
            defect = classesDefect(sequence.classes());
        }
        if (defect == null) {
            defect = windowDefect(sequence);
        }
        if (defect == null && sequence.start().isPresent()) {
            defect = stateDefect(sequence.start().get());
        }
        return Optional.ofNullable(defect);
    }

    /**
     * Checks a batch before it is scored.
     *
     * @throws IllegalArgumentException if a sequence has a defect, or if the batch has too many steps
     */
    public void require(List<Sequence> sequences) {
        for (int s = 0; s < sequences.size(); s++) {
            require(sequences.get(s), s);
        }
        requireRoom(sequences);
    }

    /**
     * Checks a sequence.
     *
     * @param place its index in the batch, for the message
     * @throws IllegalArgumentException if it has a defect
     */
    public void require(Sequence sequence, int place) {
        check(sequence).ifPresent(defect -> {
            throw new IllegalArgumentException(String.format(Locale.ROOT, "sequence %d: %s", place, defect.text()));
        });
    }

    /**
     * Checks that all steps of a batch fit one array.
     *
     * @throws IllegalArgumentException if they do not
     */
    public void requireRoom(List<Sequence> sequences) {
        long rows =
                sequences.stream().mapToLong(sequence -> sequence.length() + 1L).sum();
        if (rows > maxLength + 1L) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "a batch of %d steps: expected at most %d for this model; score fewer sequences at once",
                    rows - sequences.size(),
                    maxLength));
        }
    }

    private Defect lengthDefect(Sequence sequence) {
        return sequence.length() <= maxLength
                ? null
                : new Defect(
                        Defect.Kind.TOO_LONG,
                        String.format(
                                Locale.ROOT,
                                "%d steps: expected at most %d for this model",
                                sequence.length(),
                                maxLength));
    }

    private Defect windowDefect(Sequence sequence) {
        Windows windows = request.windows().orElse(null);
        if (windows == null) {
            return null;
        }
        if (sequence.start().isPresent()) {
            return new Defect(Defect.Kind.WRONG_STATE, "a start state: each window starts from the model's own state");
        }
        boolean hasAnswer =
                request.at() == Steps.EACH || request.needsTargetsOnly() || windows.answersLast(sequence.length());
        return hasAnswer
                ? null
                : new Defect(
                        Defect.Kind.TOO_SHORT,
                        String.format(
                                Locale.ROOT,
                                "%d steps, expected at least %d, the length of a window; partial windows are answered with input.partial-windows = last",
                                sequence.length(),
                                windows.length()));
    }

    private Defect tokenDefect(Sequence sequence) {
        if (sequence.hasFeatures()) {
            return new Defect(Defect.Kind.WRONG_INPUT, "found features: the model takes tokens");
        }
        int[] ids = sequence.tokens();
        for (int step = 0; step < ids.length; step++) {
            if (ids[step] < 0 || ids[step] >= tokens) {
                return new Defect(
                        Defect.Kind.TOKEN_OUT_OF_RANGE,
                        String.format(
                                Locale.ROOT,
                                "token %d at step %d is outside [0, %d), the model's tokens",
                                ids[step],
                                step,
                                tokens));
            }
            if (ids[step] == padding) {
                return new Defect(
                        Defect.Kind.TOKEN_IS_PADDING,
                        String.format(
                                Locale.ROOT,
                                "token %d at step %d is the padding of this model; leave it out",
                                padding,
                                step));
            }
        }
        return null;
    }

    private Defect featureDefect(Sequence sequence) {
        if (!sequence.hasFeatures()) {
            return new Defect(Defect.Kind.WRONG_INPUT, "found tokens: the model takes features");
        }
        float[] features = sequence.features();
        if (features.length != (long) sequence.length() * featureWidth) {
            return new Defect(
                    Defect.Kind.WRONG_INPUT,
                    String.format(
                            Locale.ROOT,
                            "%d features for %d steps: the model reads %d per step",
                            features.length,
                            sequence.length(),
                            featureWidth));
        }
        for (int at = 0; at < features.length; at++) {
            float feature = features[at];
            if (!(Math.abs(feature) <= MAX_FEATURE)) {
                return badFeature(feature, at);
            }
        }
        return model.mask().map(mask -> maskDefect(features, mask)).orElse(null);
    }

    private Defect maskDefect(float[] features, float mask) {
        int equal = 0; // features of this step, so far
        for (int at = 0; at < features.length; at++) {
            equal = at % featureWidth == 0 ? 0 : equal;
            equal += features[at] == mask ? 1 : 0;
            if (equal == featureWidth) {
                return new Defect(
                        Defect.Kind.STEP_IS_MASKED,
                        String.format(
                                Locale.ROOT,
                                "all features of step %d are %s, which this model skips (mask_value); leave such steps out",
                                at / featureWidth,
                                mask));
            }
        }
        return null;
    }

    private Defect badFeature(float feature, int at) {
        String place = String.format(
                Locale.ROOT, "feature %d of step %d is %s: ", at % featureWidth, at / featureWidth, feature);
        return Float.isFinite(feature)
                ? new Defect(Defect.Kind.FEATURE_TOO_LARGE, place + "expected at most %s".formatted(MAX_FEATURE))
                : new Defect(Defect.Kind.FEATURE_NOT_FINITE, place + "expected a finite number");
    }

    private Defect targetDefect(Sequence sequence) {
        if (!sequence.hasTokens()) {
            return new Defect(
                    Defect.Kind.WRONG_INPUT, "features have no next token: loglik, logprob and rank need tokens");
        }
        if (request.targetsNext()) {
            return sequence.hasNext() ? targetDefect(sequence.next(), sequence.length()) : null;
        }
        int[] ids = sequence.tokens();
        for (int step = request.firstTarget(ids.length); step < ids.length; step++) {
            Defect defect = targetDefect(ids[step], step);
            if (defect != null) {
                return defect;
            }
        }
        return null;
    }

    private Defect targetDefect(int token, int step) {
        return token >= firstClass && (long) token - firstClass < classes
                ? null
                : new Defect(
                        Defect.Kind.TARGET_OUT_OF_RANGE,
                        String.format(
                                Locale.ROOT,
                                "token %d at step %d is outside [%d, %d), the model's classes, so it has no likelihood",
                                token,
                                step,
                                firstClass,
                                (long) firstClass + classes));
    }

    private Defect classesDefect(ClassChoice choice) {
        if ((choice.hasCandidates() && !request.hasCandidates())
                || (choice.excluded().length > 0 && !request.hasExclusions())) {
            return new Defect(
                    Defect.Kind.WRONG_INPUT, "found candidates or excluded classes: the request is about all classes");
        }
        if (!request.hasCandidates()) {
            return null;
        }
        if (!choice.hasCandidates()) {
            return new Defect(Defect.Kind.NULL_CANDIDATES, "no candidates: expected a list of classes");
        }
        int[] ids = choice.candidates();
        for (int place = 0; place < ids.length; place++) {
            if (ids[place] < 0 || ids[place] >= classes) {
                return new Defect(
                        Defect.Kind.CANDIDATE_OUT_OF_RANGE,
                        String.format(
                                Locale.ROOT,
                                "candidate %d at place %d is outside [%d, %d), the model's classes; leave it out",
                                (long) ids[place] + firstClass,
                                place,
                                firstClass,
                                (long) firstClass + classes));
            }
        }
        return null;
    }

    private Defect stateDefect(LstmState state) {
        List<LstmDirection> directions = model.directions();
        if (state.hidden().length != directions.size() || state.cell().length != directions.size()) {
            return new Defect(
                    Defect.Kind.WRONG_STATE,
                    String.format(
                            Locale.ROOT,
                            "a state with %d rows of h and %d rows of c: expected one row for each of the model's %d directions",
                            state.hidden().length,
                            state.cell().length,
                            directions.size()));
        }
        for (int at = 0; at < directions.size(); at++) {
            Defect hidden =
                    rowDefect("h", at, state.hidden()[at], directions.get(at).outputWidth());
            Defect cell =
                    rowDefect("c", at, state.cell()[at], directions.get(at).hiddenWidth());
            if (hidden != null || cell != null) {
                return hidden != null ? hidden : cell;
            }
        }
        return null;
    }

    private static Defect rowDefect(String name, int row, float[] values, int width) {
        if (values.length != width) {
            return new Defect(
                    Defect.Kind.WRONG_STATE,
                    String.format(
                            Locale.ROOT,
                            "row %d of the state's %s has %d values, expected %d",
                            row,
                            name,
                            values.length,
                            width));
        }
        for (float value : values) {
            if (!(Math.abs(value) <= MAX_STATE)) {
                return new Defect(
                        Defect.Kind.WRONG_STATE,
                        String.format(
                                Locale.ROOT,
                                "row %d of the state's %s holds %s: expected at most %s in magnitude",
                                row,
                                name,
                                value,
                                MAX_STATE));
            }
        }
        return null;
    }
}
