package sluice.job.column;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.job.column.OutputColumn.Spec;
import sluice.job.model.Vocabulary;
import sluice.job.settings.VectorForm;

/** Maps each output kind to its column. A new kind takes one line here. */
final class ColumnRegistry {
    private static final Map<OutputKind, Function<Spec, OutputColumn>> COLUMNS = new EnumMap<>(OutputKind.class);

    static {
        COLUMNS.put(OutputKind.SOFTMAX, spec -> new VectorColumn(spec, ScoredSequence::softmax));
        COLUMNS.put(OutputKind.LOGITS, spec -> new VectorColumn(spec, ScoredSequence::logits));
        COLUMNS.put(OutputKind.SIGMOID, spec -> new VectorColumn(spec, ScoredSequence::sigmoid));
        COLUMNS.put(OutputKind.PREDICTION, spec -> new IntegerColumn(spec, ScoredSequence::prediction));
        COLUMNS.put(OutputKind.TOPK, TopClassesColumn::new);
        COLUMNS.put(OutputKind.LOGLIK, LogLikelihoodColumn::new);
        COLUMNS.put(OutputKind.LOGPROB, LogProbabilityColumn::new);
        COLUMNS.put(OutputKind.RANK, spec -> new IntegerColumn(spec, ScoredSequence::ranks));
        COLUMNS.put(OutputKind.HIDDEN, spec -> new VectorColumn(spec, ScoredSequence::hidden));
        COLUMNS.put(OutputKind.CELL, spec -> new VectorColumn(spec, ScoredSequence::cell));
        COLUMNS.put(OutputKind.STATE, FinalStateColumn::new);
        COLUMNS.put(OutputKind.GATES, GatesColumn::new);
    }

    private ColumnRegistry() {}

    /**
     * The columns of a request, in their order.
     *
     * @param labels names of the classes, or null
     */
    static List<OutputColumn> of(ScoreRequest request, VectorForm vectors, Vocabulary labels) {
        return request.kinds().stream()
                .map(kind -> of(new Spec(kind, request, vectors, labels)))
                .toList();
    }

    private static OutputColumn of(Spec spec) {
        Function<Spec, OutputColumn> column = COLUMNS.get(spec.kind());
        if (column == null) {
            throw new IllegalStateException(
                    "output kind %s has no column: add it to %s".formatted(spec.kind(), ColumnRegistry.class));
        }
        return column.apply(spec);
    }
}
