package sluice.cell.weights.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import sluice.cell.model.Embedding;
import sluice.cell.model.InputPart;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.weights.onnx.OnnxAxis.Role;
import sluice.cell.weights.onnx.OnnxContent.Embedded;
import sluice.cell.weights.onnx.OnnxContent.OneHot;
import sluice.cell.weights.onnx.OnnxContent.Raw;
import sluice.cell.weights.onnx.OnnxContent.SideBySide;
import sluice.cell.weights.onnx.OnnxContent.SideBySide.Side;
import sluice.cell.weights.onnx.OnnxContent.SideBySide.Twins;

/** Concat of several inputs of a graph on their last axis: embeddings of tokens, one-hot tokens, and numbers. */
final class OnnxSideBySide {
    private static final int MAX_ONE_HOT = 2_048;
    private static final int MAX_SIDES = 10_000;

    private OnnxSideBySide() {}

    /** Whether a value may be one of several inputs. */
    static boolean isInput(OnnxSignal signal) {
        return signal.content() instanceof Embedded
                || signal.content() instanceof OneHot
                || signal.content() instanceof Raw
                || signal.content() instanceof SideBySide;
    }

    /** Concatenates inputs, all of which are {@linkplain #isInput inputs}. */
    static OnnxSignal of(List<OnnxSignal> signals, long axis) {
        OnnxSignal first = signals.get(0);
        int last = first.rank() - 1;
        if (OnnxValue.axis(axis, first.rank()) != last) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "concatenates inputs along axis %d of %d, expected the last one: the values of a step",
                    axis,
                    first.rank()));
        }
        List<Side> sides = new ArrayList<>();
        List<Twins> twins = new ArrayList<>();
        long width = 0;
        for (OnnxSignal signal : signals) {
            if (signal.rank() != first.rank() || signal.flipped() != null) {
                throw notAlike(first, signal);
            }
            long wide = width(signal);
            width += wide;
            if (signal.content() instanceof SideBySide several) {
                sides.addAll(several.sides());
                twins.addAll(several.twins());
            } else {
                sides.add(new Side(signal.content(), wide));
            }
            for (int at = 0; at < last; at++) {
                addTwins(first, signal, at, twins);
            }
        }
        if (sides.size() > MAX_SIDES) {
            throw new ModelException(
                    String.format(Locale.ROOT, "concatenates more than %d inputs, expected fewer", MAX_SIDES));
        }
        return first.withLastAxis(OnnxAxis.of(Role.WIDTH, width), new SideBySide(sides, twins));
    }

    /** Axes at one place are the same steps, or the same batch, of two inputs. */
    private static void addTwins(OnnxSignal first, OnnxSignal other, int at, List<Twins> twins) {
        List<OnnxAxis> here = first.dimensions().get(at);
        List<OnnxAxis> there = other.dimensions().get(at);
        if (here.size() != there.size()) {
            throw notAlike(first, other);
        }
        for (int part = 0; part < here.size(); part++) {
            long size = here.get(part).size();
            long found = there.get(part).size();
            if (!here.get(part).isInput() || !there.get(part).isInput() || (size >= 0 && found >= 0 && size != found)) {
                throw notAlike(first, other);
            }
            twins.add(new Twins(here.get(part), there.get(part)));
        }
    }

    private static ModelException notAlike(OnnxSignal first, OnnxSignal other) {
        return new ModelException("concatenates %s and %s, expected inputs with the same batch and steps"
                .formatted(first.describe(), other.describe()));
    }

    private static long width(OnnxSignal signal) {
        List<OnnxAxis> axes = signal.nontrivialAxes(signal.rank() - 1);
        if (signal.content() instanceof Raw raw && raw.numbers() == Raw.Numbers.CAST_TO_WHOLE) {
            throw new ModelException(
                    "concatenates %s cast to integers, which leaves out the fractions, expected the numbers themselves; apply the cast to the rows, and export the model without it"
                            .formatted(raw.describe()));
        }
        if (axes.isEmpty()) {
            return 1;
        }
        if (axes.size() > 1 || axes.get(0).size() < 0) {
            throw new ModelException(
                    "concatenates %s, whose last axis has no known size: expected (batch, steps, numbers); in torch.onnx.export, leave the last axis out of dynamic_axes and dynamic_shapes"
                            .formatted(signal.describe()));
        }
        if (signal.content() instanceof Raw) {
            axes.get(0).assign(Role.WIDTH);
        }
        return axes.get(0).size();
    }

    /** The parts of the model, named by the inputs of the graph. */
    static List<InputPart> parts(SideBySide several) {
        List<InputPart> parts = new ArrayList<>();
        for (Side side : several.sides()) {
            if (side.content() instanceof Embedded embedded) {
                OnnxArray table = embedded.table();
                Matrix rows = Matrix.of(
                        (int) table.shape().rows(), (int) table.shape().columns(), table.finiteFloats());
                parts.add(InputPart.tokens(embedded.input(), new Embedding(rows)));
            } else if (side.content() instanceof OneHot oneHot) {
                parts.add(InputPart.tokens(oneHot.input(), new Embedding(identity(oneHot))));
            } else {
                parts.add(InputPart.numbers(((Raw) side.content()).input(), (int) side.width()));
            }
        }
        return parts;
    }

    /** One-hot vectors as an embedding. */
    private static Matrix identity(OneHot oneHot) {
        if (oneHot.depth() > MAX_ONE_HOT) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "input '%s' is one-hot tokens below %d beside other inputs, expected at most %d; train the model with an embedding",
                    oneHot.input(),
                    oneHot.depth(),
                    MAX_ONE_HOT));
        }
        int depth = (int) oneHot.depth();
        float[] ones = new float[depth * depth];
        for (int token = 0; token < depth; token++) {
            ones[token * depth + token] = 1;
        }
        return Matrix.of(depth, depth, ones);
    }
}
