package sluice.cell.weights.onnx;

import java.util.List;
import java.util.stream.Collectors;
import sluice.cell.model.LstmLayer.Merge;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.OutputEnd;

/** The content of a value that depends on a graph input. */
sealed interface OnnxContent {
    /** The content in messages: {@code the embedding}. */
    String describe();

    /** Which steps of the sequence the value holds. */
    enum At {
        EACH,
        FIRST,
        LAST
    }

    /**
     * An input of the graph.
     *
     * @param numbers what its numbers are; casts may change it
     */
    record Raw(String input, Numbers numbers) implements OnnxContent {
        /** What the numbers of an input are. */
        enum Numbers {
            WHOLE,
            REAL,
            /** Real numbers cast to integers: tokens that are passed as floats, or features that lose their fractions. */
            CAST_TO_WHOLE
        }

        /** The input cast to integers. */
        Raw toWhole() {
            return numbers == Numbers.REAL ? new Raw(input, Numbers.CAST_TO_WHOLE) : this;
        }

        @Override
        public String describe() {
            return "input '%s'".formatted(input);
        }
    }

    /**
     * An input without a known shape, or a value computed from an input in a way that can't be tracked. It can't be scored,
     * but may be an initial state, or the lengths of sequences.
     *
     * @param reason why it can't be tracked
     * @param kind what is known of its numbers
     * @param padding the token that the numbers are about; 0 if they are about none
     */
    record DerivedInput(String input, String reason, Kind kind, long padding) implements OnnxContent {
        /** What is known of the numbers of a derived input. */
        enum Kind {
            /** Numbers of the input, moved, repeated or left out. */
            SAME,
            /** Whether a token is the padding token. */
            IS_PADDING,
            /** Whether a token is not the padding token. */
            IS_TOKEN,
            /** How many tokens are not the padding token. */
            TOKEN_COUNT,
            /** How many numbers of an input, a mask of the steps, are 1. */
            MASK_COUNT,
            /** Other numbers. */
            CHANGED
        }

        DerivedInput(String input, String reason) {
            this(input, reason, Kind.SAME, 0);
        }

        /** The numbers after an operator that changes them. */
        DerivedInput then(String node, Kind other) {
            return kind == Kind.CHANGED ? this : new DerivedInput(input, node + " changes it", other, padding);
        }

        @Override
        public String describe() {
            return "input '%s' in an unsupported form: %s".formatted(input, reason);
        }
    }

    /**
     * Indices that put the sequences of a batch into another order, such as by length, which {@code pack_padded_sequence}
     * does.
     */
    record RowOrder(String input) implements OnnxContent {
        @Override
        public String describe() {
            return "the order of input '%s'".formatted(input);
        }
    }

    /** Rows of an embedding table, looked up by the tokens of an input. */
    record Embedded(OnnxArray table, String input) implements OnnxContent {
        @Override
        public String describe() {
            return "the embedding";
        }
    }

    /** Tokens of an input as one-hot vectors. */
    record OneHot(long depth, String input) implements OnnxContent {
        @Override
        public String describe() {
            return "one-hot tokens";
        }
    }

    /**
     * Several inputs side by side, the values of a step.
     *
     * @param sides embeddings, one-hot tokens and inputs, in their order
     * @param twins the axes of the inputs that are the same steps, or the same batch
     */
    record SideBySide(List<Side> sides, List<Twins> twins) implements OnnxContent {
        /** @param content an {@link Embedded}, a {@link OneHot}, or a {@link Raw} of numbers */
        record Side(OnnxContent content, long width) {
            String input() {
                if (content instanceof OneHot oneHot) {
                    return oneHot.input();
                }
                return content instanceof Embedded embedded ? embedded.input() : ((Raw) content).input();
            }
        }

        record Twins(OnnxAxis one, OnnxAxis other) {}

        /** Gives the axes of all inputs the roles that those of the first have. */
        void assignRoles() {
            twins.forEach(pair -> pair.other().assign(pair.one().role()));
        }

        @Override
        public String describe() {
            return "the inputs "
                    + NameList.quoted(sides.stream().map(Side::input).toList()) + " side by side";
        }
    }

    /** The output of one direction of an LSTM node. */
    record DirectionOutput(OnnxLstm lstm, int direction, At at) {
        DirectionOutput at(At other) {
            return new DirectionOutput(lstm, direction, other);
        }

        /** Whether the direction reads from the last step to the first. */
        boolean reversed() {
            return lstm.reversed(direction);
        }
    }

    /** Hidden states of LSTM directions, concatenated or merged. */
    record Hidden(List<DirectionOutput> parts, Merge merge) implements OnnxContent {
        @Override
        public String describe() {
            return "the output of " + lstms(parts);
        }

        Hidden at(At at) {
            return new Hidden(parts.stream().map(part -> part.at(at)).toList(), merge);
        }
    }

    /** Cell states of LSTM directions. */
    record Cell(List<DirectionOutput> parts) implements OnnxContent {
        @Override
        public String describe() {
            return "the cell state of " + lstms(parts);
        }
    }

    /** The output of an output layer. */
    record ClassScores(OnnxLinear linear, Form form) implements OnnxContent {
        /** The form of the scores. */
        enum Form {
            LOGITS(OutputEnd.LINEAR),
            SIGMOIDS(OutputEnd.SIGMOID),
            PROBABILITIES(OutputEnd.SOFTMAX),
            LOG_PROBABILITIES(OutputEnd.LOG_SOFTMAX),
            ARGMAX(OutputEnd.ARGMAX);

            private final OutputEnd end;

            Form(OutputEnd end) {
                this.end = end;
            }

            OutputEnd end() {
                return end;
            }
        }

        @Override
        public String describe() {
            return "the output layer";
        }
    }

    private static String lstms(List<DirectionOutput> parts) {
        return parts.stream().map(part -> part.lstm().describe()).distinct().collect(Collectors.joining(" and "));
    }
}
