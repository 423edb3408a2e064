package sluice.cell;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import sluice.cell.model.Embedding;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;

/**
 * What a sequence must be to be scored by one model for one request. Immutable.
 *
 * <p>Whatever passes here is scored without overflow of float32.
 */
public final class SequenceRules {
    /** The largest magnitude of a feature. */
    public static final float MAX_FEATURE = 0x1p60f;

    /** The largest magnitude in a state that a sequence starts from. */
    public static final float MAX_STATE = 0x1p40f;

    private final LstmModel model;
    private final InputKind input;
    private final int tokens;
    private final int padding; // or -1, which is no token
    private final int featureWidth;
    private final int classes;
    private final boolean targets;
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
        this.targets = request.needsTargets();
        this.maxLength = maxLength(model, request);
    }

    /** A layer's states, one row more than steps, must fit one array, and so must its gates where they are asked for. */
    private static int maxLength(LstmModel model, ScoreRequest request) {
        int widest = model.inputWidth();
        for (LstmLayer layer : model.layers()) {
            int cells = layer.directions().stream()
                    .mapToInt(LstmDirection::hiddenWidth)
                    .sum();
            widest = Math.max(widest, Math.max(layer.outputWidth(), cells));
        }
        if (request.asksFor(OutputKind.GATES)) {
            LstmLayer watched = model.layers().get(request.gatesLayer(model));
            for (LstmDirection direction : watched.directions()) {
                widest = Math.max(widest, Gate.COUNT * direction.hiddenWidth());
            }
        }
        return (Integer.MAX_VALUE - 8) / widest - 1;
    }

    /** The longest sequence that can be scored in one piece. */
    public int maxLength() {
        return maxLength;
    }

    /** What is wrong with this sequence, if anything. */
    public Optional<Defect> check(Sequence sequence) {
        Defect defect = lengthDefect(sequence);
        if (defect == null) {
            defect = input.takesTokens() ? tokenDefect(sequence) : featureDefect(sequence);
        }
        if (defect == null && targets) {
            defect = targetDefect(sequence);
        }
        if (defect == null && sequence.start().isPresent()) {
            defect = stateDefect(sequence.start().get());
        }
        return Optional.ofNullable(defect);
    }

    /**
     * Checks a batch before it is scored.
     *
     * @throws IllegalArgumentException where a sequence has a defect, or all together are too long
     */
    public void require(List<Sequence> sequences) {
        for (int s = 0; s < sequences.size(); s++) {
            require(sequences.get(s), s);
        }
        requireRoom(sequences);
    }

    /** @param place in a batch, for the message */
    public void require(Sequence sequence, int place) {
        check(sequence).ifPresent(defect -> {
            throw new IllegalArgumentException("sequence %d: %s".formatted(place, defect.text()));
        });
    }

    /** Whether all steps of these sequences fit one table. */
    public void requireRoom(List<Sequence> sequences) {
        long rows =
                sequences.stream().mapToLong(sequence -> sequence.length() + 1L).sum();
        if (rows > maxLength + 1L) {
            throw new IllegalArgumentException("a batch of %d steps: this model can take at most %d at once"
                    .formatted(rows - sequences.size(), maxLength));
        }
    }

    private Defect lengthDefect(Sequence sequence) {
        return sequence.length() <= maxLength
                ? null
                : new Defect(
                        Defect.Kind.TOO_LONG,
                        "%d steps: this model can take at most %d at once".formatted(sequence.length(), maxLength));
    }

    private Defect tokenDefect(Sequence sequence) {
        if (sequence.hasFeatures()) {
            return new Defect(Defect.Kind.WRONG_INPUT, "features for a model that takes tokens");
        }
        int[] ids = sequence.tokens();
        for (int step = 0; step < ids.length; step++) {
            if (ids[step] < 0 || ids[step] >= tokens) {
                return new Defect(
                        Defect.Kind.TOKEN_OUT_OF_RANGE,
                        "token %d at step %d is outside [0, %d), which the model knows"
                                .formatted(ids[step], step, tokens));
            }
            if (ids[step] == padding) {
                return new Defect(
                        Defect.Kind.TOKEN_IS_PADDING,
                        "token %d at step %d is the padding of this model; leave it out".formatted(padding, step));
            }
        }
        return null;
    }

    private Defect featureDefect(Sequence sequence) {
        if (!sequence.hasFeatures()) {
            return new Defect(Defect.Kind.WRONG_INPUT, "tokens for a model that takes features");
        }
        float[] features = sequence.features();
        if (features.length != (long) sequence.length() * featureWidth) {
            return new Defect(
                    Defect.Kind.WRONG_INPUT,
                    "%d features over %d steps: the model reads %d a step"
                            .formatted(features.length, sequence.length(), featureWidth));
        }
        for (int at = 0; at < features.length; at++) {
            float feature = features[at];
            if (!(Math.abs(feature) <= MAX_FEATURE)) {
                return badFeature(feature, at);
            }
        }
        return null;
    }

    private Defect badFeature(float feature, int at) {
        String place = "feature %d of step %d is %s: ".formatted(at % featureWidth, at / featureWidth, feature);
        return Float.isFinite(feature)
                ? new Defect(Defect.Kind.FEATURE_TOO_LARGE, place + "expected at most %s".formatted(MAX_FEATURE))
                : new Defect(Defect.Kind.FEATURE_NOT_FINITE, place + "expected a finite number");
    }

    private Defect targetDefect(Sequence sequence) {
        if (!sequence.hasTokens()) {
            return new Defect(
                    Defect.Kind.WRONG_INPUT, "features have no next token: ask for no loglik, logprob or rank of them");
        }
        int[] ids = sequence.tokens();
        for (int step = 1; step < ids.length; step++) {
            if (ids[step] < 0 || ids[step] >= classes) {
                return new Defect(
                        Defect.Kind.TARGET_OUT_OF_RANGE,
                        "token %d at step %d is outside [0, %d), the model's classes, so it has no likelihood"
                                .formatted(ids[step], step, classes));
            }
        }
        return null;
    }

    private Defect stateDefect(LstmState state) {
        List<LstmDirection> directions = model.directions();
        if (state.hidden().length != directions.size() || state.cell().length != directions.size()) {
            return new Defect(
                    Defect.Kind.WRONG_STATE,
                    "a state of %d and %d rows: the model has %d directions of layers"
                            .formatted(state.hidden().length, state.cell().length, directions.size()));
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
                    "row %d of the state's %s has %d values, expected %d".formatted(row, name, values.length, width));
        }
        for (float value : values) {
            if (!(Math.abs(value) <= MAX_STATE)) {
                return new Defect(
                        Defect.Kind.WRONG_STATE,
                        "row %d of the state's %s holds %s: expected at most %s in magnitude"
                                .formatted(row, name, value, MAX_STATE));
            }
        }
        return null;
    }
}
