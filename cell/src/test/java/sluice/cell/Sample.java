package sluice.cell;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;
import sluice.cell.model.Readout;

/**
 * A random model with its sequences and requests.
 *
 * @param seed seed of the model and its sequences
 */
public record Sample(long seed, LstmModel model, InputKind input) {
    private static final int LONGEST = 40;

    /** Text for failure messages. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "-Dsluice.seed=%d (%s, %s)", seed, input, model);
    }

    /** A batch of different lengths: empty, one token, long, duplicates, shared prefixes, and one with a start state. */
    public List<Sequence> batch() {
        SplittableRandom random = new SplittableRandom(~seed);
        List<Sequence> batch = new ArrayList<>();
        for (int length : new int[] {0, 1, 2, 3, random.nextInt(4, LONGEST), LONGEST, random.nextInt(1, LONGEST)}) {
            batch.add(sequence(random.nextLong(), length));
        }
        batch.add(batch.get(4));
        batch.add(sequence(random.nextLong(), 5).from(state(random.nextLong())));
        batch.add(sequence(random.nextLong(), 0).from(state(random.nextLong())));
        if (input == InputKind.PARTS) {
            Sequence longer = sequence(random.nextLong(), LONGEST);
            batch.add(longer);
            batch.add(part(longer, 0, LONGEST - 2));
        }
        if (input.takesTokens()) {
            int[] longer = Arrays.copyOf(batch.get(4).tokens(), batch.get(4).length() + 2);
            batch.add(Sequence.ofTokens(longer));
        }
        return batch;
    }

    /** A sequence of the model's kind of input; of numbers, which are targets too, if the model reads one number per step. */
    public Sequence sequence(long sequenceSeed, int length) {
        Samples samples = new Samples(sequenceSeed);
        if (input.takesTokens()) {
            return Sequence.ofTokens(samples.tokens(length, model.tokens()));
        }
        if (input == InputKind.PARTS) {
            return columns(samples, length);
        }
        return model.inputWidth() == 1
                ? Sequence.ofNumbers(samples.tokens(length, classes()))
                : Sequence.ofFeatures(length, samples.floats(length * model.inputWidth(), 2));
    }

    /** A sequence of several inputs whose targets are the first tokens with as many values as there are classes. */
    private Sequence columns(Samples samples, int length) {
        List<InputColumn> columns = model.parts().stream()
                .map(part -> part.embedding().isPresent()
                        ? InputColumn.ofTokens(
                                samples.tokens(length, part.embedding().get().tokens()))
                        : InputColumn.ofNumbers(samples.floats(length * part.width(), 2)))
                .toList();
        return Sequence.ofColumns(length, columns).withTargets(target());
    }

    private int target() {
        int target = 0;
        while (model.parts().get(target).embedding().map(Embedding::tokens).orElse(0) != classes()) {
            target++;
        }
        return target;
    }

    /** The steps of a sequence from one to another. */
    public Sequence part(Sequence whole, int from, int to) {
        if (input == InputKind.PARTS) {
            List<InputColumn> columns = new ArrayList<>();
            for (int at = 0; at < whole.columns().length; at++) {
                InputColumn column = whole.columns()[at];
                int width = model.parts().get(at).width();
                columns.add(
                        column.tokens() != null
                                ? InputColumn.ofTokens(Arrays.copyOfRange(column.tokens(), from, to))
                                : InputColumn.ofNumbers(
                                        Arrays.copyOfRange(column.numbers(), from * width, to * width)));
            }
            return Sequence.ofColumns(to - from, columns).withTargets(target());
        }
        if (whole.hasTokens()) {
            int[] tokens = Arrays.copyOfRange(whole.tokens(), from, to);
            return whole.hasFeatures() ? Sequence.ofNumbers(tokens) : Sequence.ofTokens(tokens);
        }
        int width = model.inputWidth();
        return Sequence.ofFeatures(to - from, Arrays.copyOfRange(whole.features(), from * width, to * width));
    }

    /** A random start state. */
    public LstmState state(long stateSeed) {
        Samples samples = new Samples(stateSeed);
        return new LstmState(
                model.directions().stream()
                        .map(direction -> samples.floats(direction.outputWidth(), 1))
                        .toArray(float[][]::new),
                model.directions().stream()
                        .map(direction -> samples.floats(direction.hiddenWidth(), 2))
                        .toArray(float[][]::new));
    }

    /** The same model with another readout, unless it reads forward only. */
    public Sample readFrom(Readout readout) {
        return new Sample(seed, model.readFrom(readout), input);
    }

    private int classes() {
        return model.output().map(OutputLayer::classes).orElse(2);
    }

    private boolean hasTargets() {
        return input.takesTokens() || input == InputKind.PARTS || model.inputWidth() == 1;
    }

    /** All output kinds of this model at these steps. */
    public Set<OutputKind> emissions(Steps at) {
        return Arrays.stream(OutputKind.values())
                .filter(emission -> emission.availableAt(at))
                .filter(emission ->
                        !emission.needsOutputLayer() || model.output().isPresent())
                .filter(emission -> !emission.needsTargets() || hasTargets())
                .filter(emission -> !emission.needsOutputLayer()
                        || model.readout() == Readout.LAST_STEP
                        || (at == Steps.LAST && !emission.needsTargets()))
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(OutputKind.class)));
    }

    /** A request for all output kinds. */
    public ScoreRequest request(Steps at) {
        return request(at, emissions(at));
    }

    public ScoreRequest request(Steps at, Set<OutputKind> emissions) {
        return new ScoreRequest(at, emissions, Math.min(5, classes()), OptionalInt.of(gatesLayer()));
    }

    /** The layer whose gates are requested, chosen by the seed. */
    public int gatesLayer() {
        return (int) (seed % model.layers().size());
    }

    /** A scorer for all output kinds. */
    public SequenceScorer scorer(KernelChoice kernel, Steps at) {
        return compile(kernel).scorer(request(at));
    }

    public CompiledModel compile(KernelChoice kernel) {
        return CompiledModel.compile(model, input, kernel);
    }
}
