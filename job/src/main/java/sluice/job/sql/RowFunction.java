package sluice.job.sql;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import sluice.job.input.UnreadableRow;
import sluice.job.message.BadRowException;
import sluice.job.message.RefusedException;
import sluice.job.message.Suggestion;
import sluice.job.task.RowScorer;

/**
 * A function of SQL, as it was bound: what it answers and with which models. It travels with every task, so it holds no model, only what
 * the executors find theirs by. One call at a time; a task has a copy of its own.
 */
public final class RowFunction implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int QUOTED_CHARACTERS = 80;

    private final String name;
    private final ScoringFunction answer;
    private final DataType resultType;
    private final HashMap<String, Choice> models = new HashMap<>();
    private transient Map<String, Scoring> scorings; // by model

    /**
     * A model that a call may name.
     *
     * @param plan or null
     * @param places where the plan's columns stand in the answer; null: as they are
     * @param remedy what to do for bad rows whose answer is null; null: there is no plan
     * @param refusal why there is no plan, or null
     */
    private record Choice(RowPlan plan, int[] places, String remedy, String refusal) implements Serializable {
        boolean isSame(Choice other) {
            return Objects.equals(refusal, other.refusal)
                    && (plan == null ? other.plan == null : other.plan != null && planId() == other.planId());
        }

        private long planId() {
            return plan.broadcast().id();
        }
    }

    /** What scores with a model in this thread. */
    private record Scoring(RowScorer scorer, int topK) {}

    RowFunction(String name, ScoringFunction answer, DataType resultType) {
        this.name = name;
        this.answer = answer;
        this.resultType = resultType;
    }

    /** @param remedy what to do for bad rows whose answer is null */
    void add(String model, RowPlan plan, int[] places, String remedy) {
        models.put(model, new Choice(plan, places, remedy, null));
    }

    /** A model that can't be asked. */
    void addRefused(String model, String refusal) {
        models.put(model, new Choice(null, null, null, refusal));
    }

    public String name() {
        return name;
    }

    public DataType resultType() {
        return resultType;
    }

    /**
     * Answers one call.
     *
     * @param model the name of one that it was bound with
     * @param sequence as a row of Spark's has it, or null
     * @param topK how many classes {@link ScoringFunction#TOPK} lists
     * @return as a row of Spark's would have it, or null
     * @throws RuntimeException whose message names the model, the argument and what to do
     */
    public synchronized Object answer(String model, Object sequence, int topK) {
        Choice choice = models.get(model);
        if (choice == null) {
            String known = String.join(", ", models.keySet().stream().sorted().toList());
            throw new RefusedException("%s: no model '%s', did you mean '%s'? There are %s"
                    .formatted(name, model, Suggestion.to(String.valueOf(model), models.keySet()), known));
        }
        if (choice.refusal() != null) {
            throw new RefusedException("%s: model '%s': %s".formatted(name, model, choice.refusal()));
        }
        Row row = score(model, choice, sequence, topK);
        if (answer.isOneColumn()) {
            return row.get(0);
        }
        return choice.places() == null ? row : placed(row, choice.places());
    }

    private Row score(String model, Choice choice, Object sequence, int topK) {
        try {
            return scorer(model, choice, topK).score(RowFactory.create(sequence));
        } catch (UnreadableRow e) {
            throw new BadRowException(
                    "%s: model '%s', argument tokens = %s: %s (%s); leave such rows out, or %s for an answer that is null"
                            .formatted(
                                    name,
                                    model,
                                    quote(sequence),
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
                        "%s: model '%s', argument k = %d: %s".formatted(name, model, topK, e.getMessage()), e);
            }
            scorings.put(model, known);
        }
        return known.scorer();
    }

    private Row placed(Row row, int[] places) {
        Object[] values = new Object[((StructType) resultType).length()];
        for (int at = 0; at < places.length; at++) {
            values[places[at]] = row.get(at);
        }
        return RowFactory.create(values);
    }

    private static String quote(Object sequence) {
        String text = sequence instanceof scala.collection.Seq<?> list
                ? list.mkString("[", ", ", "]")
                : String.valueOf(sequence);
        return text.length() <= QUOTED_CHARACTERS ? text : text.substring(0, QUOTED_CHARACTERS) + "...";
    }

    /** Calls of equal functions on equal arguments have equal answers, so that Spark computes them once. */
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
