package sluice.cell.weights.statedict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.TensorNames;

/** A second name of a tensor is a possible second use of its layer, unless the whole model is repeated. */
class SecondUseTest {
    private static final TensorNames AUTOMATIC = TensorNames.automatic();

    private static Tensors square() {
        return new Tensors()
                .with("embedding.weight", 9, 5)
                .withLstm("lstm.", 5, 5)
                .with("fc.weight", 7, 5)
                .with("fc.bias", 7);
    }

    private static Map<String, String> aliases(Tensors tensors, String prefix, String of) {
        Map<String, String> aliases = new HashMap<>();
        tensors.names().stream()
                .filter(name -> name.startsWith(of))
                .forEach(name -> aliases.put(prefix + name.substring(of.length()), name));
        return aliases;
    }

    private static LstmModel read(Tensors tensors, Map<String, String> aliases, TensorNames names) throws IOException {
        return new StateDict(tensors, aliases, names).model();
    }

    private static void assertRefused(Map<String, String> aliases, TensorNames names, String... parts) {
        assertThatThrownBy(() -> read(square(), aliases, names))
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll(parts);
    }

    @Test
    void aSecondNameOfTheLstmMayBeASecondUse() throws IOException {
        Map<String, String> aliases = aliases(square(), "upper.", "lstm.");

        assertRefused(
                aliases,
                AUTOMATIC,
                "2 recurrent modules",
                "'upper.' (reads 5, gives 5 numbers a step) with the weights of 'lstm.'");
        assertRefused(aliases, AUTOMATIC.withLstm("lstm."), "a further use of an LSTM", "model.ignore to [upper.]");
        assertThat(read(square(), aliases, AUTOMATIC.withLstms(List.of("lstm.", "upper."))))
                .hasToString("9 tokens of width 5; LSTM 5, 5; 7 classes");
        assertThat(read(square(), aliases, AUTOMATIC.withIgnored(List.of("upper."))))
                .hasToString("9 tokens of width 5; LSTM 5; 7 classes");
    }

    @Test
    void aSecondNameOfTheOutputLayerMayBeASecondUse() {
        assertRefused(aliases(square(), "fc2.", "fc."), AUTOMATIC, "look like a further use of a layer of the model");
    }

    @Test
    void aSecondNameOfTheEmbeddingIsHarmless() throws IOException {
        assertThat(read(square(), Map.of("decoder.embedding.weight", "embedding.weight"), AUTOMATIC))
                .hasToString("9 tokens of width 5; LSTM 5; 7 classes");
    }

    @Test
    void aRepeatedModelIsOneModel() throws IOException {
        StateDict stateDict = new StateDict(square(), aliases(square(), "best.", ""), AUTOMATIC);

        assertThat(stateDict.model()).hasToString("9 tokens of width 5; LSTM 5; 7 classes");
        assertThat(stateDict.notes())
                .contains("the names 'best.*' are not used: they are second names of the same tensors");
    }

    @Test
    void aRepeatedModelWithASecondUseIsNone() {
        Map<String, String> aliases = aliases(square(), "best.", "");
        aliases.putAll(aliases(square(), "best.again.", "lstm."));

        assertRefused(aliases, AUTOMATIC, "3 recurrent modules");
    }

    @Test
    void aFullNameIgnoresThatTensorOnly() throws IOException {
        Tensors tensors = square().with("fc", 2, 2).with("w", 2, 2);

        assertThat(read(tensors, Map.of(), AUTOMATIC.withIgnored(List.of("fc", "w"))))
                .hasToString("9 tokens of width 5; LSTM 5; 7 classes");
    }
}
