package sluice.job.sql;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.BadRowException;
import sluice.job.message.RefusedException;
import sluice.job.message.Suggestion;
import sluice.job.row.UnreadableRow;
import sluice.job.task.BroadcastPlan;
import sluice.job.task.RowScorer;

/**
 * A bound SQL function: its result type and the plans of its models. Part of every task, so it holds broadcast handles and no model. Calls
 * are serialized; each task has its own copy.
 */
final class RowFunction implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int QUOTED_CHARACTERS = 80;

    private final String name;
    private final ScoringFunction function;
    private final DataType resultType;
    private final HashMap<String, Choice> models = new HashMap<>();
    private transient Map<String, Scoring> scorings; // by model

    /**
     * How sequences are scored with one model.
     *
     * @param columns of the result
     */
    record Plan(Broadcast<BroadcastPlan> broadcast, StructType columns) implements Serializable {}

    /**
     * A model that a call may name: a plan, or the reason why there is none.
     *
     * @param plan or null
     * @param ordinals of the plan's columns in the result type; null: the result has the plan's columns
     * @param remedy the setting that makes the answer for a bad row null; null without a plan
     * @param refusal why there is no plan, or null
     */
    private record Choice(Plan plan, int[] ordinals, String remedy, String refusal) implements Serializable {
        boolean isSame(Choice other) {
            return Objects.equals(refusal, other.refusal)
                    && (plan == null ? other.plan == null : other.plan != null && planId() == other.planId());
        }

        private long planId() {
            return plan.broadcast().id();
        }
    }

    /** The scorer of a model in this task. */
    private record Scoring(RowScorer scorer, int topK) {}

    RowFunction(String name, ScoringFunction function, DataType resultType) {
        this.name = name;
        this.function = function;
        this.resultType = resultType;
    }

    /**
     * Adds a model.
     *
     * @param ordinals of the plan's columns in the result type; null: the result has the plan's columns
     * @param remedy the setting that makes the answer for a bad row null, for messages
     */
    void add(String model, Plan plan, int[] ordinals, String remedy) {
        models.put(model, new Choice(plan, ordinals, remedy, null));
    }

    /** Adds a model that can't be used: calls that name it fail. */
    void addRefused(String model, String refusal) {
        models.put(model, new Choice(null, null, null, refusal));
    }

    String name() {
        return name;
    }

    DataType resultType() {
        return resultType;
    }

    /**
     * Evaluates one call.
     *
     * @param model the name of a model that was added
     * @param arguments the sequence, and the candidates if the call has them; a value may be null
     * @param topK the number of classes of {@link ScoringFunction#TOPK}
     * @return a value of a {@link Row}, or null
     * @throws RuntimeException whose message names the model, the argument and what to do
     */
    synchronized Object answer(String model, Row arguments, int topK) {
        Choice choice = models.get(model);
        if (choice == null) {
            String known = String.join(", ", models.keySet().stream().sorted().toList());
            throw new RefusedException("%s: no model '%s', did you mean '%s'? There are %s"
                    .formatted(name, model, Suggestion.to(String.valueOf(model), models.keySet()), known));
        }
        if (choice.refusal() != null) {
            throw new RefusedException("%s: model '%s': %s".formatted(name, model, choice.refusal()));
        }
        Row row = score(model, choice, arguments, topK);
        if (function.isOneColumn()) {
            return row.get(0);
        }
        return choice.ordinals() == null ? row : reordered(row, choice.ordinals());
    }

    private Row score(String model, Choice choice, Row arguments, int topK) {
        try {
            return scorer(model, choice, topK).score(arguments);
        } catch (UnreadableRow e) {
            boolean ofCandidates = e.defect().isOfCandidates();
            throw new BadRowException(
                    "%s: model '%s', argument %s = %s: %s (%s); leave such rows out, or %s for an answer that is null"
                            .formatted(
                                    name,
                                    model,
                                    ofCandidates ? FunctionBinder.CANDIDATES : FunctionBinder.TOKENS,
                                    quote(arguments.get(ofCandidates ? 1 : 0)),
                                    e.defect().text(),
                                    e.defect().code(),
                                    choice.remedy()));
        }
    }

    private RowScorer scorer(String model, Choice choice, int topK) {
        if (scorings == null) {
            scorings = new HashMap<>();
        }
        Scoring known = scorings.get(model);
        if (known == null || known.topK() != topK) {
            try {
                known = new Scoring(choice.plan().broadcast().value().rowScorer(topK), topK);
            } catch (IllegalArgumentException e) {
                throw new RefusedException(
                        String.format(
                                Locale.ROOT, "%s: model '%s', argument k = %d: %s", name, model, topK, e.getMessage()),
                        e);
            }
            scorings.put(model, known);
        }
        return known.scorer();
    }

    private Row reordered(Row row, int[] ordinals) {
        Object[] values = new Object[((StructType) resultType).length()];
        for (int at = 0; at < ordinals.length; at++) {
            values[ordinals[at]] = row.get(at);
        }
        return RowFactory.create(values);
    }

    private static String quote(Object sequence) {
        String text = sequence instanceof scala.collection.Seq<?> list
                ? list.mkString("[", ", ", "]")
                : String.valueOf(sequence);
        return text.length() <= QUOTED_CHARACTERS ? text : text.substring(0, QUOTED_CHARACTERS) + "...";
    }

    /** Equal functions give equal answers for equal arguments, so Spark evaluates such calls once. */
    @Override
    public boolean equals(Object other) {
        return other instanceof RowFunction function
                && name.equals(function.name)
                && resultType.equals(function.resultType)
                && models.keySet().equals(function.models.keySet())
                && models.keySet().stream().allMatch(model -> models.get(model).isSame(function.models.get(model)));
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, models.keySet());
    }
}
