package sluice.cell.weights.keras;

import sluice.cell.model.ModelException;

/** What is said of a layer that can't be scored. */
final class KerasRefusals {
    private static final String FOR_HIDDEN_STATES =
            "set model.output to none for the hidden states of the LSTM below it";
    private static final String WHAT_CAN_BE_SCORED = "only an Embedding, LSTMs, one Dense and a softmax can be scored";

    private KerasRefusals() {}

    /**
     * The layers that can be scored, and how to get what is below this one.
     *
     * @param aboveLstm whether an LSTM is below the layer
     */
    static String whatCanBeScored(boolean aboveLstm) {
        return WHAT_CAN_BE_SCORED + forHiddenStates("; ", aboveLstm);
    }

    /**
     * The advice to leave out the layers above an LSTM, if there is one.
     *
     * @param join the text between what comes before and the advice
     */
    static String forHiddenStates(String join, boolean aboveLstm) {
        return aboveLstm ? join + FOR_HIDDEN_STATES : "";
    }

    /** A layer of another class. */
    static ModelException of(KerasLayer layer, boolean aboveLstm) {
        if (layer.isCustom()) {
            return new ModelException(
                    "%s is between input and output: its class is not one of Keras, so the file doesn't tell what it computes; build the model with Keras' own layers%s"
                            .formatted(layer.describe(), forHiddenStates(", or ", aboveLstm)));
        }
        String remedy = switch (layer.kind()) {
            case "GRU", "CuDNNGRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "RNN" ->
                "only the layers LSTM and CuDNNLSTM, and an RNN of one LSTMCell, can be scored";
            case "StringLookup", "IntegerLookup", "TextVectorization", "Hashing" ->
                "it turns words into IDs inside the model; save a model that starts at the Embedding (keras.Model(embedding.input, model.outputs)), and set input.vocabulary to a file with the layer's get_vocabulary(), one word a line, and input.unknown-word to its '[UNK]'";
            case "Normalization", "Rescaling" ->
                "it scales the features inside the model; scale them before scoring, and save a model that starts after this layer";
            case "OneHot", "CategoryEncoding" ->
                "with model.input = one-hot, a model that starts at the LSTM reads tokens; in Python, keras.Model(lstm.input, model.outputs).save(\"model.keras\")";
            default -> whatCanBeScored(aboveLstm);
        };
        return new ModelException("%s is between input and output: %s".formatted(layer.describe(), remedy));
    }
}
