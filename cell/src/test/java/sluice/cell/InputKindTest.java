package sluice.cell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;

class InputKindTest {
    private static final Samples SAMPLES = new Samples(1);
    private static final List<LstmLayer> LAYERS = List.of(LstmLayer.of(SAMPLES.direction(3, 2)));
    private static final LstmModel BARE = new LstmModel(Optional.empty(), LAYERS, Optional.empty());
    private static final LstmModel EMBEDDED =
            new LstmModel(Optional.of(SAMPLES.embedding(9, 3)), LAYERS, Optional.empty());

    @Test
    void fittingModelsAreAccepted() {
        InputKind.EMBEDDING.requireFit(EMBEDDED);
        InputKind.ONE_HOT.requireFit(BARE);
        InputKind.FEATURES.requireFit(BARE);
    }

    @ParameterizedTest
    @EnumSource(
            value = InputKind.class,
            names = {"ONE_HOT", "FEATURES"})
    void aModelWithAnEmbeddingNeedsEmbeddingInput(InputKind input) {
        assertThatThrownBy(() -> CompiledModel.compile(EMBEDDED, input, KernelChoice.AUTO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the model has an embedding, so its input is tokens: model.input must be embedding");
    }

    @Test
    void embeddingInputNeedsAnEmbedding() {
        assertThatThrownBy(() -> CompiledModel.compile(BARE, InputKind.EMBEDDING, KernelChoice.AUTO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the model has no embedding: model.input must be one-hot (tokens in [0, 3)) or features"
                        + " (3 a step)");
    }

    @Test
    void kindsOfTokenInput() {
        assertThat(InputKind.EMBEDDING.takesTokens()).isTrue();
        assertThat(InputKind.ONE_HOT.takesTokens()).isTrue();
        assertThat(InputKind.FEATURES.takesTokens()).isFalse();
    }
}
