package sluice.cell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;

/** Checks that the random models cover all kinds of models; a kind that no seed generates would not be tested. */
class SamplesTest {
    private static final List<Sample> SAMPLES =
            Samples.seeds().stream().map(seed -> new Samples(seed).any()).toList();

    private static final List<Sample> VARIANTS =
            Samples.seeds().stream().map(seed -> new Samples(seed).anyVariant()).toList();

    @Test
    void plainAndVariantLayersAreMixed() {
        assertThat(SAMPLES)
                .flatExtracting(sample -> sample.model().directions())
                .allMatch(direction -> direction.variant().isPlain());
        assertThat(VARIANTS)
                .extracting(Sample::model)
                .as("a plain layer over a variant one, or the reverse")
                .anyMatch(model -> {
                    List<Boolean> plain = model.directions().stream()
                            .map(direction -> direction.variant().isPlain())
                            .toList();
                    return plain.contains(true) && plain.contains(false);
                });
    }

    @Test
    void everyShapeOfModelOccurs() {
        List<CellVariant> made = VARIANTS.stream()
                .flatMap(sample -> sample.model().directions().stream())
                .map(LstmDirection::variant)
                .toList();
        assertThat(made).anyMatch(variant -> variant.peepholes().isPresent());
        assertThat(made).anyMatch(CellVariant::coupled);
        assertThat(made).anyMatch(variant -> Float.isFinite(variant.clip()));
        Activation.Kind[] fedBack =
                EnumSet.range(Activation.Kind.SIGMOID, Activation.Kind.SOFTPLUS).toArray(Activation.Kind[]::new);
        assertThat(made).extracting(variant -> variant.candidate().kind()).contains(fedBack);
        assertThat(made).extracting(variant -> variant.output().kind()).contains(fedBack);
        assertThat(VARIANTS)
                .flatExtracting(sample -> sample.model().layers())
                .extracting(LstmLayer::merge)
                .contains(LstmLayer.Merge.values());
        assertThat(VARIANTS)
                .flatExtracting(sample -> sample.model().layers())
                .as("a single backward direction")
                .anyMatch(layer -> layer.directions().size() == 1 && layer.looksAhead());
    }

    /** Property tests compare answers, so no sequence may end in a defect. */
    @Test
    void noStateOverflows() {
        for (Sample sample : VARIANTS) {
            assertThat(sample.scorer(KernelChoice.AUTO, Steps.LAST).score(sample.batch()))
                    .as(sample.toString())
                    .allMatch(answer -> answer.defect().isEmpty());
        }
    }

    @Test
    void everyKindOfInputOccurs() {
        assertThat(Samples.everyKind()).extracting(Sample::input).contains(InputKind.values());
    }

    @Test
    void everyVariantOfTheCellOccurs() {
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
    void theSameSeedGivesTheSameModel() {
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
