package sluice.cell.bench;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.model.LstmModel;
import sluice.cell.online.Scorer;
import sluice.cell.online.Session;

/**
 * One sequence at a time, as in a service: Sluice and ONNX Runtime alternately, one thread each, after their answers have been compared.
 *
 * <p>ONNX Runtime's step is a sequence of one token from the initial state. So it does the arithmetic of a step that continues a state,
 * without passing states in and out, which would take it longer.
 */
public final class OnlineRace {
    private static final int SEQUENCES = 200;
    private static final int LENGTH = 20;
    private static final double PROBABILITY = 1e-5;
    private static final double RELATIVE = 1e-4;
    private static final long SEED = 20_000;

    private static final List<Workload.Widths> MODELS = List.of(
            new Workload.Widths(2, 32, 64, 32),
            new Workload.Widths(2, 64, 128, 65),
            new Workload.Widths(1, 128, 256, 1000),
            new Workload.Widths(2, 200, 200, 10_000));

    private final LstmModel model;
    private final Effort effort;
    private final Scorer scorer;
    private final float[] result;
    private final List<int[]> sequences;

    private OnlineRace(Workload.Widths widths, Effort effort) {
        this.model = new RandomWeights(SEED).model(widths);
        this.effort = effort;
        this.scorer = Scorer.of(model, InputKind.EMBEDDING, KernelChoice.AUTO);
        this.result = new float[scorer.width(OutputKind.SOFTMAX)];
        SplittableRandom random = new SplittableRandom(SEED);
        this.sequences = IntStream.range(0, SEQUENCES)
                .mapToObj(s -> random.ints(LENGTH, 0, widths.vocabulary()).toArray())
                .toList();
    }

    /** Arguments: an effort, or an effort and the index of a model, for a JVM of its own. */
    public static void main(String[] arguments) {
        Effort effort = Effort.named(arguments[0]);
        if (arguments.length > 1) {
            new OnlineRace(MODELS.get(Integer.parseInt(arguments[1])), effort).run();
            return;
        }
        Machine.print();
        System.out.printf("%-44s %12s %12s  %s%n", "microseconds a token, softmax", "Sluice", "ONNX Runtime", "ratio");
        for (int number = 0; number < MODELS.size(); number++) {
            Fork.run(OnlineRace.class, arguments[0], Integer.toString(number));
        }
    }

    private void run() {
        try (OnnxSession onnx = new OnnxSession(model, Question.LAST_SOFTMAX, false)) {
            Session session = scorer.session();
            requireAgreement(onnx, session);
            time("push, then answer", SEQUENCES, onnx, this::firstToken, tokens -> {
                session.push(tokens[0]);
                session.answer(OutputKind.SOFTMAX, result);
            });
            time(
                    "score %d tokens".formatted(LENGTH),
                    SEQUENCES * LENGTH,
                    onnx,
                    tokens -> tokens,
                    tokens -> scorer.score(tokens, OutputKind.SOFTMAX, result));
        }
    }

    private int[] firstToken(int[] sequence) {
        return new int[] {sequence[0]};
    }

    private interface Part {
        int[] of(int[] sequence);
    }

    private void time(String call, long tokens, OnnxSession onnx, Part part, Consumer<int[]> ours) {
        List<int[]> parts = sequences.stream().map(part::of).toList();
        List<List<int[]>> batches = parts.stream().map(List::of).toList();
        Rounds rounds = Rounds.run(
                List.of(
                        contender(tokens, () -> parts.forEach(ours)),
                        contender(tokens, () -> batches.forEach(onnx::run))),
                effort);
        double[] ratios = rounds.ratios(1);
        System.out.printf(
                Locale.ROOT,
                "%-44s %12.2f %12.2f  %.2f (%.2f to %.2f)%n",
                model.layers().size() + "x" + model.outputWidth() + " V" + model.tokens() + ", " + call,
                1e6 / rounds.speed(0),
                1e6 / rounds.speed(1),
                ratios[1],
                ratios[0],
                ratios[2]);
    }

    private static Contender contender(long tokens, Runnable pass) {
        return new Contender() {
            @Override
            public void score() {
                pass.run();
            }

            @Override
            public long tokens() {
                return tokens;
            }
        };
    }

    /** @throws DisagreementException if a probability differs by more than the tolerance */
    private void requireAgreement(OnnxSession onnx, Session session) {
        for (int[] sequence : sequences) {
            scorer.score(sequence, OutputKind.SOFTMAX, result);
            requireNear(onnx.run(List.of(sequence)));
            session.reset();
            session.push(sequence[0]);
            session.answer(OutputKind.SOFTMAX, result);
            requireNear(onnx.run(List.of(firstToken(sequence))));
        }
    }

    private void requireNear(OnnxAnswer answer) {
        float[] theirs = answer.row(0, 0);
        for (int column = 0; column < result.length; column++) {
            double apart = Math.abs((double) result[column] - theirs[column]);
            if (!(apart <= PROBABILITY && apart <= RELATIVE * result[column])) {
                throw new DisagreementException(
                        "class %d: probability %s, ours is %s".formatted(column, theirs[column], result[column]));
            }
        }
    }
}
