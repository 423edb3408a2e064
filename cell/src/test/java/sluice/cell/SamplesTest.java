package sluice.cell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmModel;

/** Random tests prove nothing about a variant that no seed happens to make. */
class SamplesTest {
    private static final List<Sample> SAMPLES =
            Samples.seeds().stream().map(seed -> new Samples(seed).any()).toList();

    @Test
    void everyKindOfInputIsMade() {
        assertThat(SAMPLES).extracting(Sample::input).contains(InputKind.values());
    }

    @Test
    void everyVariantOfTheCellIsMade() {
        some("one direction", model -> model.layers().get(0).directions().size() == 1);
        some("two directions", LstmModel::looksAhead);
        some("one layer", model -> model.layers().size() == 1);
        some("three layers", model -> model.layers().size() == 3);
        some("no output layer", model -> model.output().isEmpty());
        some("a projection", anyDirection(direction -> direction.projection().isPresent()));
        some("a start", anyDirection(direction -> direction.initialCell()[0] != 0));
        some("no bias", anyDirection(direction -> allZero(direction.bias())));
        some("a bias", anyDirection(direction -> !allZero(direction.bias())));
        some("several panels", anyDirection(direction -> direction.hiddenWidth() > 16));
        some(
                "two directions with a projection",
                model -> model.looksAhead()
                        && model.directions().get(0).projection().isPresent());
    }

    @Test
    void theSameSeedMakesTheSameModel() {
        assertThat(new Samples(5).any().model().fingerprint())
                .isEqualTo(new Samples(5).any().model().fingerprint())
                .isNotEqualTo(new Samples(6).any().model().fingerprint());
    }

    private static void some(String what, Predicate<LstmModel> variant) {
        assertThat(SAMPLES).extracting(Sample::model).as(what).anyMatch(variant);
    }

    private static Predicate<LstmModel> anyDirection(Predicate<LstmDirection> variant) {
        return model -> model.directions().stream().anyMatch(variant);
    }

    private static boolean allZero(float[] values) {
        for (float value : values) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }
}
