package sluice.job.output;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.job.model.Vocabulary;
import sluice.job.output.OutputColumn.Asked;
import sluice.job.settings.VectorForm;

/** Maps each output kind to its column. A new kind takes one line here. */
final class ColumnRegistry {
    private static final Map<OutputKind, Function<Asked, OutputColumn>> COLUMNS = new EnumMap<>(Map.of(
            OutputKind.SOFTMAX,
            asked -> new VectorColumn(asked, ScoredSequence::softmax),
            OutputKind.PREDICTION,
            asked -> new IntegerColumn(asked, ScoredSequence::prediction),
            OutputKind.TOPK,
            TopClassesColumn::new,
            OutputKind.LOGLIK,
            LogLikelihoodColumn::new,
            OutputKind.LOGPROB,
            LogProbabilityColumn::new,
            OutputKind.RANK,
            asked -> new IntegerColumn(asked, ScoredSequence::ranks),
            OutputKind.HIDDEN,
            asked -> new VectorColumn(asked, ScoredSequence::hidden),
            OutputKind.CELL,
            asked -> new VectorColumn(asked, ScoredSequence::cell),
            OutputKind.STATE,
            FinalStateColumn::new,
            OutputKind.GATES,
            GatesColumn::new));

    private ColumnRegistry() {}

    /**
     * The columns of a request, in their order.
     *
     * @param labels names of the classes, or null
     */
    static List<OutputColumn> of(ScoreRequest request, VectorForm vectors, Vocabulary labels) {
        return request.kinds().stream()
                .map(kind -> of(new Asked(kind, request, vectors, labels)))
                .toList();
    }

    private static OutputColumn of(Asked asked) {
        Function<Asked, OutputColumn> column = COLUMNS.get(asked.kind());
        if (column == null) {
            throw new IllegalStateException(
                    "output kind %s has no column: add it to %s".formatted(asked.kind(), ColumnRegistry.class));
        }
        return column.apply(asked);
    }
}
