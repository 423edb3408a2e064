package sluice.job.column;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import sluice.cell.AnswerWidths;
import sluice.cell.ClassChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.model.LstmModel;
import sluice.job.message.HumanText;
import sluice.job.settings.VectorForm;

/** Size in bytes of the added columns in an output file, before compression; probabilities hardly compress. */
public final class OutputSize {
    private static final double LARGE = 1L << 40;

    private final ScoreRequest request;
    private final long perRow;
    private final long perCandidate;
    private final long perStep;
    private final long perTarget; // a token after the first

    /** Precomputed, because the size is needed for each row. */
    public OutputSize(LstmModel model, ScoreRequest request) {
        this.request = request;
        AnswerWidths widths = new AnswerWidths(model);
        if (request.hasCandidates()) {
            this.perCandidate = perRow(request, widths.ofCandidates(1)) - perRow(request, widths.ofCandidates(0));
            widths = widths.ofCandidates(0);
        } else {
            this.perCandidate = 0;
        }
        long step = 0;
        long target = 0;
        for (OutputColumn column : ColumnRegistry.of(request, VectorForm.ARRAY, null)) {
            OutputKind kind = column.spec.kind();
            long bytes = column.bytes(widths);
            if (isPerRow(kind, request)) {
                continue;
            }
            if (kind.needsTargets()) {
                target += bytes;
            } else {
                step += bytes;
            }
        }
        this.perRow = perRow(request, widths);
        this.perStep = step;
        this.perTarget = target;
    }

    private static boolean isPerRow(OutputKind kind, ScoreRequest request) {
        return kind.isPerSequence() || request.at() == Steps.LAST;
    }

    private static long perRow(ScoreRequest request, AnswerWidths widths) {
        return ColumnRegistry.of(request, VectorForm.ARRAY, null).stream()
                .filter(column -> isPerRow(column.spec.kind(), request))
                .mapToLong(column -> column.bytes(widths))
                .sum();
    }

    /** A warning if an output of this size may not be what the user wants. */
    public static Optional<String> warning(double bytes, ScoreRequest request) {
        if (bytes < LARGE) {
            return Optional.empty();
        }
        String whole = Stream.of(OutputKind.SOFTMAX, OutputKind.LOGITS, OutputKind.SIGMOID)
                .filter(request::asksFor)
                .map(kind -> kind.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(" and "));
        String remedy = request.at() == Steps.EACH && !whole.isEmpty()
                ? ": most of it is %s at each step; topk, rank or loglik take about a hundredth of that"
                        .formatted(whole)
                : "";
        return Optional.of("the output would take %s%s".formatted(HumanText.size(bytes), remedy));
    }

    /**
     * Bytes of one row.
     *
     * @param steps of its sequence; a fraction if it is a mean
     */
    public double bytes(double steps) {
        return bytes(steps, 0);
    }

    /**
     * Bytes of one row.
     *
     * @param steps of its sequence; a fraction if it is a mean
     * @param candidates of its sequence; a fraction as well
     */
    public double bytes(double steps, double candidates) {
        double row = perRow + perCandidate * candidates;
        if (request.windows().isEmpty()) {
            return row + perStep * steps + perTarget * Math.max(0, steps - 1);
        }
        int whole = (int) Math.round(steps);
        return row + perStep * request.answers(whole) + perTarget * (double) (whole - request.firstTarget(whole));
    }

    /** Bytes of the row of this sequence. */
    public double bytes(Sequence sequence) {
        ClassChoice choice = sequence.classes();
        return bytes(sequence.length(), choice.hasCandidates() ? choice.candidates().length : 0);
    }
}
