package sluice.cell.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static sluice.cell.SameBits.same;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.cell.Defect;
import sluice.cell.InputColumn;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.SequenceRules;
import sluice.cell.SequenceScorer;
import sluice.cell.Steps;
import sluice.cell.model.Embedding;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.ModelException;
import sluice.cell.model.Readout;

/** Models with several inputs a step. {@link PropertiesTest} and {@link EngineAgainstOracleTest} have random ones, too. */
class PartsTest {
    private static final int MODELS = 40;
    private static final ScoreRequest STATES =
            new ScoreRequest(Steps.EACH, Set.of(OutputKind.HIDDEN, OutputKind.CELL, OutputKind.LOGITS), 1);

    private static Stream<Sample> samples() {
        return LongStream.range(0, MODELS).mapToObj(seed -> new Samples(seed).anyParts());
    }

    /** {@code x_t} of each step, written down by hand. */
    private static Sequence concatenated(LstmModel model, Sequence sequence) {
        float[] rows = new float[sequence.length() * model.inputWidth()];
        int at = 0;
        for (int step = 0; step < sequence.length(); step++) {
            for (int part = 0; part < model.parts().size(); part++) {
                Optional<Embedding> embedding = model.parts().get(part).embedding();
                InputColumn column = sequence.columns()[part];
                for (int k = 0; k < model.parts().get(part).width(); k++) {
                    rows[at++] = embedding.isPresent()
                            ? embedding.get().table().at(column.tokens()[step], k)
                            : column.numbers()[step * model.parts().get(part).width() + k];
                }
            }
        }
        Sequence features = Sequence.ofFeatures(sequence.length(), rows);
        return sequence.start().map(features::from).orElse(features);
    }

    /** With and without a lookup table of the first part, the bits are those of the model that reads the concatenated rows as features. */
    @ParameterizedTest
    @EnumSource
    void aModelOfFeaturesWithTheConcatenatedRowsHasTheSameBits(KernelChoice kernel) {
        samples().forEach(sample -> {
            LstmModel model = sample.model();
            LstmModel features = new LstmModel(Optional.empty(), model.layers(), model.output(), model.readout());
            List<Sequence> batch = sample.batch();
            List<Sequence> rows = batch.stream()
                    .map(sequence -> concatenated(model, sequence))
                    .toList();
            SequenceScorer expected =
                    CompiledModel.compile(features, InputKind.FEATURES, kernel).scorer(STATES);
            for (long lookUpBytes : new long[] {CompiledModel.LOOK_UP_BYTES, 0}) {
                SequenceScorer scorer = CompiledModel.compile(model, InputKind.PARTS, kernel, lookUpBytes)
                        .scorer(STATES);
                same(sample.toString(), scorer.score(batch), expected.score(rows));
            }
        });
    }

    private static LstmModel small() {
        Samples samples = new Samples(5);
        List<InputPart> parts = List.of(
                InputPart.tokens("item", samples.embedding(6, 4)),
                InputPart.numbers("amount", 2),
                InputPart.tokens("category", samples.embedding(3, 2).withPadding(0)));
        return LstmModel.ofParts(
                parts,
                List.of(LstmLayer.of(samples.direction(8, 20))),
                Optional.of(samples.output(6, 20)),
                Readout.LAST_STEP);
    }

    private static Sequence sequence(int[] items, float[] amounts, int... categories) {
        return Sequence.ofColumns(
                items.length,
                List.of(InputColumn.ofTokens(items), InputColumn.ofNumbers(amounts), InputColumn.ofTokens(categories)));
    }

    private static int[] items(int... items) {
        return items;
    }

    private static float[] amounts(float... amounts) {
        return amounts;
    }

    /** A step is shared where all its inputs are equal, to the bit. */
    @Test
    void equalPrefixesAreComputedOnce() {
        List<Sequence> batch = List.of(
                sequence(items(1, 2, 3), amounts(0, 1, 2, 3, 4, 5), 1, 2, 1),
                sequence(items(1, 2, 4), amounts(0, 1, 2, 3, 4, 5), 1, 2, 1), // two steps of the first
                sequence(items(1, 2, 3), amounts(0, 1, 2, 3.5f, 4, 5), 1, 2, 1), // one step
                sequence(items(1, 2), amounts(-0f, 1, 2, 3), 1, 2), // none: 0 and -0 differ
                sequence(items(1, 2, 3), amounts(0, 1, 2, 3, 4, 5), 2, 2, 1), // none
                sequence(items(1, 2, 3), amounts(0, 1, 2, 3, 4, 5), 1, 2, 1)); // all
        LstmModel model = small();
        SequenceScorer scorer =
                CompiledModel.compile(model, InputKind.PARTS, KernelChoice.AUTO).scorer(STATES);
        scorer.score(batch);
        assertThat(scorer.computedSteps()).isEqualTo(3 + 1 + 2 + 2 + 3);
        assertThat(Sharing.distinctSteps(batch, model, InputKind.PARTS)).isEqualTo(3 + 1 + 2 + 2 + 3);
    }

    /** More distinct steps than the table of ids holds at first. */
    @Test
    void manyDistinctStepsKeepTheirOwnIds() {
        List<Sequence> batch = new ArrayList<>();
        for (int s = 0; s < 400; s++) {
            int from = s;
            float[] amounts = new float[2 * 20];
            for (int at = 0; at < amounts.length; at++) {
                amounts[at] = from * 7 + at;
            }
            batch.add(sequence(new int[20], amounts, new int[20]));
        }
        int[][] ids = StepIds.of(batch);
        for (int s = 1; s < ids.length; s++) {
            for (int step = 0; step < 20; step++) {
                // 7 numbers further is no whole step of 2, 14 numbers further is 7 steps
                boolean known = s >= 2 && step + 7 < 20;
                if (known) {
                    assertThat(ids[s][step]).isEqualTo(ids[s - 2][step + 7]);
                }
            }
        }
        long distinct =
                Arrays.stream(ids).flatMapToInt(Arrays::stream).distinct().count();
        assertThat(distinct).isEqualTo(400 * 20 - 398 * 13);
        assertThat(distinct).isGreaterThan(1024);
    }

    @Test
    void theLikelihoodIsThatOfTheTargetsColumn() {
        ScoreRequest request = new ScoreRequest(
                Steps.EACH, EnumSet.of(OutputKind.SOFTMAX, OutputKind.LOGLIK, OutputKind.LOGPROB, OutputKind.RANK), 1);
        SequenceScorer scorer = CompiledModel.compile(small(), InputKind.PARTS, KernelChoice.SCALAR)
                .scorer(request);
        Sequence sequence = sequence(items(1, 2, 5, 0), amounts(0, 1, 2, 3, 4, 5, 6, 7), 1, 2, 1, 1)
                .withTargets(0);
        var answer = scorer.score(List.of(sequence)).get(0);
        for (int step = 0; step < 3; step++) {
            int next = sequence.columns()[0].tokens()[step + 1];
            assertThat(Math.exp(answer.logProbabilities()[step]))
                    .isCloseTo(answer.softmax()[step][next], org.assertj.core.data.Offset.offset(1e-6));
        }
        Sequence without = sequence(items(1, 2), amounts(0, 1, 2, 3), 1, 2);
        assertThat(scorer.rules().check(without).orElseThrow().text())
                .isEqualTo(
                        "inputs without a column of targets have no next token: loglik, logprob and rank need tokens");
    }

    private static Defect defect(Sequence sequence) {
        return new SequenceRules(small(), InputKind.PARTS, STATES)
                .check(sequence)
                .orElseThrow();
    }

    @Test
    void defectsNameTheirInput() {
        assertThat(defect(sequence(items(1, 6), amounts(0, 1, 2, 3), 1, 2)))
                .isEqualTo(new Defect(
                        Defect.Kind.TOKEN_OUT_OF_RANGE,
                        "token 6 at step 1 of item is outside [0, 6), the tokens of that input"));
        assertThat(defect(sequence(items(1, 2), amounts(0, 1, 2, 3), 1, 0)))
                .isEqualTo(
                        new Defect(
                                Defect.Kind.TOKEN_IS_PADDING,
                                "token 0 at step 1 of category is the padding of that input; leave the step out of all inputs"));
        assertThat(defect(sequence(items(1, 2), amounts(0, 1, 2, Float.NaN), 1, 1)))
                .isEqualTo(new Defect(
                        Defect.Kind.FEATURE_NOT_FINITE,
                        "number 1 of amount at step 1 is NaN: expected a finite number"));
        assertThat(defect(sequence(items(1, 2), amounts(0x1p61f, 1, 2, 3), 1, 1))
                        .kind())
                .isEqualTo(Defect.Kind.FEATURE_TOO_LARGE);
        assertThat(defect(sequence(items(1, 2), amounts(0, 1, 2), 1, 2)))
                .isEqualTo(new Defect(Defect.Kind.LENGTHS_DIFFER, "input amount has 3 values for 2 steps, expected 4"));
        assertThat(defect(sequence(items(1, 2), amounts(0, 1, 2, 3), 1)))
                .isEqualTo(
                        new Defect(Defect.Kind.LENGTHS_DIFFER, "input category has 1 values for 2 steps, expected 2"));
        assertThat(defect(Sequence.ofTokens(1, 2)).text())
                .isEqualTo("found one input: the model takes 3, [item: 6 tokens of width 4, amount: 2 numbers, "
                        + "category: 3 tokens of width 2]");
        InputColumn tokens = InputColumn.ofTokens(1);
        assertThat(defect(Sequence.ofColumns(1, List.of(tokens, tokens))).kind())
                .isEqualTo(Defect.Kind.WRONG_INPUT);
        assertThat(defect(Sequence.ofColumns(1, List.of(tokens, tokens, tokens)))
                        .text())
                .isEqualTo("input amount is tokens: the model takes numbers");
        LstmModel one = new Samples(1).languageModel(5, 3, 4).model();
        assertThat(new SequenceRules(one, InputKind.EMBEDDING, STATES)
                        .check(sequence(items(1), amounts(1, 2), 1))
                        .orElseThrow()
                        .text())
                .isEqualTo("found several inputs: the model takes one");
    }

    @Test
    void theFingerprintCoversThePartsButNotTheirNames() {
        LstmModel model = small();
        assertThat(model.withPartNames(List.of("a", "b", "c")).fingerprint()).isEqualTo(model.fingerprint());
        Embedding item = model.parts().get(0).embedding().orElseThrow();
        Embedding category = model.parts().get(2).embedding().orElseThrow();
        Set<String> fingerprints = new java.util.HashSet<>(Set.of(model.fingerprint()));
        InputPart amount = model.parts().get(1);
        fingerprints.add(fingerprint(InputPart.tokens("item", item.withPadding(1)), amount, category));
        fingerprints.add(fingerprint(InputPart.tokens("item", item), InputPart.numbers("one", 2), category));
        fingerprints.add(fingerprint(amount, InputPart.tokens("item", item), category));
        assertThat(fingerprints).hasSize(3); // the second has another name only
        float[] changed = item.table().values().clone();
        changed[3] += 1;
        fingerprints.add(
                fingerprint(InputPart.tokens("item", new Embedding(Matrix.of(6, 4, changed))), amount, category));
        assertThat(fingerprints).hasSize(4);
    }

    private static String fingerprint(InputPart first, InputPart second, Embedding last) {
        LstmModel model = small();
        return LstmModel.ofParts(
                        List.of(first, second, InputPart.tokens("last", last)),
                        model.layers(),
                        model.output(),
                        Readout.LAST_STEP)
                .fingerprint();
    }

    @Test
    void partsMustFillTheInputOfTheFirstLayer() {
        LstmModel model = small();
        InputPart amount = InputPart.numbers("amount", 2);
        assertThatThrownBy(() ->
                        LstmModel.ofParts(List.of(amount, amount), model.layers(), model.output(), Readout.LAST_STEP))
                .isInstanceOf(ModelException.class)
                .hasMessage(
                        "inputs of width 4 together (amount: 2 numbers, amount: 2 numbers) under a first layer that "
                                + "reads width 8");
        assertThatThrownBy(() -> LstmModel.ofParts(List.of(amount), model.layers(), model.output(), Readout.LAST_STEP))
                .hasMessage("a model with several inputs has [amount: 2 numbers]: expected at least two");
        assertThatThrownBy(() -> model.withMask(0)).isInstanceOf(ModelException.class);
        assertThatThrownBy(() -> InputPart.numbers("x", 0)).isInstanceOf(ModelException.class);
    }

    @Test
    void theKindOfInputMustFit() {
        assertThatThrownBy(() -> InputKind.FEATURES.requireFit(small()))
                .hasMessage(
                        "the model has several inputs (item: 6 tokens of width 4, amount: 2 numbers, category: 3 tokens "
                                + "of width 2): leave model.input = auto");
        LstmModel one = new Samples(1).languageModel(5, 3, 4).model();
        assertThatThrownBy(() -> InputKind.PARTS.requireFit(one)).hasMessage("the model has one input");
    }
}
