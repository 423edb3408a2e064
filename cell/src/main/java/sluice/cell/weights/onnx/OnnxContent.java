package sluice.cell.weights.onnx;

import java.util.List;
import java.util.stream.Collectors;
import sluice.cell.model.LstmLayer.Merge;
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

    /** An unchanged input of the graph. */
    record Raw(String input) implements OnnxContent {
        @Override
        public String describe() {
            return "input '%s'".formatted(input);
        }
    }

    /**
     * An input without a known shape, or a value computed from an input in a way that can't be tracked. It can't be scored,
     * but may be an initial state.
     *
     * @param reason why it can't be tracked
     */
    record DerivedInput(String input, String reason) implements OnnxContent {
        @Override
        public String describe() {
            return "input '%s' in an unsupported form: %s".formatted(input, reason);
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
