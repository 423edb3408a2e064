package sluice.cell.weights.onnx;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongBinaryOperator;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.model.ModelException;
import sluice.cell.weights.onnx.OnnxContent.ClassScores;

/** Applies the operator of a node to its inputs. */
final class OnnxOperators {
    private static final Set<String> OTHER_CELLS = Set.of("GRU", "RNN");

    private final long opset;
    private final OnnxArray.Source source;

    OnnxOperators(long opset, OnnxArray.Source source) {
        this.opset = opset;
        this.source = source;
    }

    /** The outputs of a node. */
    List<OnnxValue> results(OnnxOperands operands) {
        OnnxNode node = operands.node();
        if (!node.isStandard() || operands.hasCapturedSignals()) {
            return List.of(otherOperator(operands));
        }
        return switch (node.operator()) {
            case "LSTM" -> OnnxModelOperators.lstm(operands);
            case "Split" -> OnnxShapeOperators.split(operands);
            case "TopK" -> OnnxRowOperators.topK(operands).orElseGet(() -> List.of(otherOperator(operands)));
            default -> List.of(result(operands));
        };
    }

    private OnnxValue result(OnnxOperands operands) {
        return switch (operands.node().operator()) {
            case "Identity", "Dropout" -> operands.required(0);
            case "Cast" -> cast(operands);
            case "Constant" -> constant(operands.node());
            case "ConstantOfShape" -> fill(operands);
            case "ConstantFill" -> constantFill(operands);
            case "Range" -> OnnxConditions.range(operands, source);
            case "Transpose" -> OnnxShapeOperators.transpose(operands);
            case "Squeeze" -> OnnxShapeOperators.squeeze(operands);
            case "Unsqueeze" -> OnnxShapeOperators.unsqueeze(operands);
            case "Reshape" -> OnnxShapeOperators.reshape(operands);
            case "Flatten" -> OnnxShapeOperators.flatten(operands);
            case "Slice" -> OnnxShapeOperators.slice(operands);
            case "Concat" -> OnnxShapeOperators.concat(operands);
            case "Gather" -> OnnxShapeOperators.gather(operands);
            case "Shape" -> OnnxShapeOperators.shape(operands);
            case "Expand", "Tile" -> OnnxShapeOperators.expand(operands);
            case "ReverseSequence" -> OnnxModelOperators.reverse(operands);
            case "OneHot" -> OnnxModelOperators.oneHot(operands);
            case "MatMul" -> OnnxModelOperators.matMul(operands);
            case "Gemm" -> OnnxModelOperators.gemm(operands);
            case "Add", "Sum", "Mul", "Div", "Sub", "Mean" -> arithmetic(operands);
            case "Softmax" -> OnnxModelOperators.softmax(operands, ClassScores.Form.PROBABILITIES, flattens());
            case "LogSoftmax" -> OnnxModelOperators.softmax(operands, ClassScores.Form.LOG_PROBABILITIES, flattens());
            case "Sigmoid" -> OnnxModelOperators.sigmoid(operands).orElseGet(() -> otherOperator(operands));
            case "ArgMax" -> OnnxModelOperators.argMax(operands);
            default -> rowOperator(operands);
        };
    }

    /** Operators on tokens, lengths and conditions. */
    private static OnnxValue rowOperator(OnnxOperands operands) {
        Optional<OnnxValue> known = switch (operands.node().operator()) {
            case "Equal" -> OnnxConditions.equal(operands);
            case "Not" -> OnnxConditions.not(operands);
            case "And", "Or" -> OnnxConditions.both(operands);
            case "Greater" -> OnnxRowOperators.aboveZero(operands, 0);
            case "GreaterOrEqual" -> OnnxRowOperators.aboveZero(operands, 1);
            case "Sign" -> OnnxRowOperators.isNotZero(operands);
            case "ReduceSum" -> OnnxRowOperators.count(operands).or(() -> OnnxDirections.reduced(operands, Merge.SUM));
            case "ReduceMean" -> OnnxDirections.reduced(operands, Merge.AVERAGE);
            case "Clip", "Max" -> OnnxRowOperators.atLeastOne(operands);
            case "ScatterElements", "Scatter" -> OnnxRowOperators.inverse(operands);
            default -> Optional.empty();
        };
        return known.orElseGet(() -> otherOperator(operands));
    }

    /** Up to opset 12 a softmax covers all axes from its axis on. */
    private boolean flattens() {
        return opset < 13;
    }

    private static OnnxValue cast(OnnxOperands operands) {
        long to = operands.node().number("to", 0);
        OnnxType type = OnnxType.numbered(to).orElse(null);
        if (type == null || !(type.isFloat() || type.isInteger())) {
            throw new ModelException(
                    "casts to %s, expected a floating-point type, INT64, INT32 or BOOL; export the model without this cast"
                            .formatted(type == null ? "type " + to : type));
        }
        return type == OnnxType.BOOL
                ? OnnxConditions.toBoolean(operands).orElseGet(() -> otherOperator(operands))
                : operands.required(0).cast(type.isInteger());
    }

    private OnnxValue constant(OnnxNode node) {
        String name = node.outputs().isEmpty() ? "" : node.outputs().get(0);
        for (OnnxAttribute attribute : node.attributes().values()) {
            switch (attribute.name()) {
                case "value" -> {
                    if (attribute.tensor() != null) {
                        return new OnnxConstant(
                                OnnxArray.of(source, attribute.tensor().named(name)));
                    }
                }
                case "value_float" -> {
                    return new OnnxConstant(OnnxArray.scalarFloat(source, name, attribute.floatValue()));
                }
                case "value_floats" -> {
                    return new OnnxConstant(OnnxArray.ofFloats(source, name, attribute.floats()));
                }
                case "value_int" -> {
                    return new OnnxConstant(OnnxArray.scalar(source, name, attribute.number()));
                }
                case "value_ints" -> {
                    return new OnnxConstant(OnnxArray.of(source, name, attribute.numbers()));
                }
                default -> {}
            }
        }
        return new OnnxOpaque(node.describe());
    }

    /** ConstantOfShape: zeros by default. */
    private OnnxValue fill(OnnxOperands operands) {
        OnnxAttribute value = operands.node().attributes().get("value");
        float number = value == null || value.tensor() == null
                ? 0
                : OnnxArray.of(source, value.tensor().named("value")).single();
        return new OnnxFill(number, operands.knownSizes(0).orElse(null));
    }

    /** ConstantFill, an experimental operator that PyTorch writes up to opset 8 in place of ConstantOfShape. */
    private static OnnxValue constantFill(OnnxOperands operands) {
        OnnxNode node = operands.node();
        node.requireOnly(List.of("dtype", "input_as_shape", "value"));
        boolean isShape = node.number("input_as_shape", 0) != 0;
        return new OnnxFill(
                node.floatValue("value", 0), isShape ? operands.knownSizes(0).orElse(null) : null);
    }

    private static OnnxValue arithmetic(OnnxOperands operands) {
        String operator = operands.node().operator();
        if (operands.signals().isEmpty()) {
            return sizes(operands, operator);
        }
        if (operands.all().size() != 2) {
            throw OnnxUnsupported.operator(operands.signals().get(0));
        }
        return switch (operator) {
            case "Add", "Sum" -> OnnxModelOperators.add(operands);
            case "Mean" -> OnnxModelOperators.merged(operands, Merge.AVERAGE);
            case "Mul" -> OnnxModelOperators.scaled(operands, 0.5f);
            case "Div" -> OnnxModelOperators.scaled(operands, 2);
            default -> throw OnnxUnsupported.operator(operands.signals().get(0));
        };
    }

    private static OnnxValue sizes(OnnxOperands operands, String operator) {
        LongBinaryOperator function = switch (operator) {
            case "Add" -> Math::addExact;
            case "Sub" -> Math::subtractExact;
            case "Mul" -> Math::multiplyExact;
            case "Div" -> (one, two) -> two == 0 ? 0 : one / two;
            default -> null;
        };
        boolean areSizes = function != null
                && operands.all().size() == 2
                && operands.all().stream().allMatch(OnnxSizes::canBe);
        if (!areSizes) {
            return new OnnxOpaque(operands.node().describe());
        }
        int sign = operator.equals("Add") ? 1 : operator.equals("Sub") ? -1 : 0;
        return OnnxSizes.of(operands.value(0))
                .orElseThrow()
                .combined(OnnxSizes.of(operands.value(1)).orElseThrow(), function, sign);
    }

    /** An operator that is not evaluated. It is an error only if it reads a value that depends on the sequence. */
    private static OnnxValue otherOperator(OnnxOperands operands) {
        OnnxNode node = operands.node();
        if (node.isStandard() && OTHER_CELLS.contains(node.operator())) {
            throw new ModelException("is a %s, expected an LSTM; only LSTMs can be scored"
                    .formatted(node.operator().equals("GRU") ? "GRU" : "plain RNN"));
        }
        OnnxUnsupported.requireNotQuantized(node);
        List<OnnxSignal> signals = operands.signals();
        if (signals.isEmpty()) {
            return new OnnxOpaque(node.describe());
        }
        for (OnnxSignal signal : signals) {
            if (!signal.isDerivedInput()
                    && !(signal.content() instanceof OnnxContent.Raw)
                    && !(signal.content() instanceof OnnxContent.RowOrder)) {
                throw OnnxUnsupported.operator(signal);
            }
        }
        return OnnxRowOperators.changed(signals.get(0), node.describe(), OnnxContent.DerivedInput.Kind.CHANGED, 0);
    }
}
