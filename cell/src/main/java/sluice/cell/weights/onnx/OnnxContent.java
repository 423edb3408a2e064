package sluice.cell.weights.onnx;

import java.util.List;
import java.util.stream.Collectors;
import sluice.cell.model.LstmLayer.Merge;

/** What flows through a graph at some place between its input and its output. */
sealed interface OnnxContent {
    /** {@code the input} and such, as messages say it. */
    String place();

    /** Which of a sequence's steps are there. */
    enum At {
        EACH,
        FIRST,
        LAST
    }

    /** An input of the graph, as it is. */
    record Raw(String input) implements OnnxContent {
        @Override
        public String place() {
            return "input '%s'".formatted(input);
        }
    }

    /**
     * A part of an input, or something made of it, which can't be scored but may be an initial state.
     *
     * @param reason what was made of it
     */
    record PartOfInput(String input, String reason) implements OnnxContent {
        @Override
        public String place() {
            return "input '%s', but not as it is: %s".formatted(input, reason);
        }
    }

    /** Rows of a table, by the tokens of an input. */
    record Embedded(OnnxArray table, String input) implements OnnxContent {
        @Override
        public String place() {
            return "the embedding";
        }
    }

    /** Tokens of an input as columns of the unit matrix. */
    record OneHot(long depth, String input) implements OnnxContent {
        @Override
        public String place() {
            return "one-hot tokens";
        }
    }

    /** The output of one direction of an LSTM node, at some steps. */
    record Part(OnnxLstm lstm, int direction, At at) {
        Part at(At other) {
            return new Part(lstm, direction, other);
        }

        /** Whether it has read from the sequence's last token to its first. */
        boolean reversed() {
            return lstm.reversed(direction);
        }

        /** The same at whatever steps. */
        boolean sameOutput(Part other) {
            return lstm == other.lstm && direction == other.direction;
        }
    }

    /** Outputs of LSTM nodes, side by side or merged. */
    record Hidden(List<Part> parts, Merge merge) implements OnnxContent {
        @Override
        public String place() {
            return "the output of " + lstms(parts);
        }

        Hidden at(At at) {
            return new Hidden(parts.stream().map(part -> part.at(at)).toList(), merge);
        }
    }

    /** Cell states of LSTM nodes. */
    record Cell(List<Part> parts) implements OnnxContent {
        @Override
        public String place() {
            return "the cell state of " + lstms(parts);
        }
    }

    /** What an output layer makes of hidden states. */
    record Answer(OnnxLinear linear, Form form) implements OnnxContent {
        /** In which form a graph shows its answer. */
        enum Form {
            LOGITS("logits"),
            PROBABILITIES("a softmax"),
            LOG_PROBABILITIES("a log-softmax"),
            PREDICTION("the most probable class");

            private final String description;

            Form(String description) {
                this.description = description;
            }

            String description() {
                return description;
            }
        }

        @Override
        public String place() {
            return "the output layer";
        }
    }

    private static String lstms(List<Part> parts) {
        return parts.stream().map(part -> part.lstm().describe()).distinct().collect(Collectors.joining(" and "));
    }
}
