package sluice.job.input;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import sluice.cell.ClassChoice;
import sluice.cell.Defect;
import sluice.cell.Sequence;
import sluice.job.message.RefusedException;
import sluice.job.model.Vocabulary;
import sluice.job.row.RowDefect;
import sluice.job.row.SequenceForm;
import sluice.job.row.UnreadableRow;
import sluice.job.settings.AnswerClasses;
import sluice.job.settings.SettingKey;
import sluice.job.source.ColumnNames;
import sluice.job.source.ColumnPath;

/**
 * Reads the classes that the answer to a row is about: {@code output.candidates} and {@code output.exclude}. Immutable, broadcast.
 *
 * <p>Every candidate must be a class of the model. What is excluded need not be: a token without a class is not in an answer anyway.
 */
public final class ClassColumns implements Serializable {
    private static final long serialVersionUID = 1L;

    private final ClassList candidates; // or null
    private final ClassList excluded; // or null
    private final boolean withoutSeen;
    private final int firstClass;

    private ClassColumns(ClassList candidates, ClassList excluded, boolean withoutSeen, int firstClass) {
        this.candidates = candidates;
        this.excluded = excluded;
        this.withoutSeen = withoutSeen;
        this.firstClass = firstClass;
    }

    /**
     * Resolves the columns.
     *
     * @param words of the classes, or empty
     * @param noWords why the classes have no words, for the message about a column of words
     * @param firstClass the token of class 0
     * @return empty if answers are about all classes
     * @throws RefusedException if a column is missing or lists no classes, or if {@code seen} is not defined
     */
    public static Optional<ClassColumns> resolve(
            InputTable table,
            InputPlan plan,
            AnswerClasses settings,
            Optional<Vocabulary> words,
            String noWords,
            int firstClass) {
        StructType schema = table.wholeSchema();
        ClassList candidates = settings.candidates()
                .map(name -> ClassList.resolve(
                        schema, name, table.names(), SettingKey.OUTPUT_CANDIDATES.key(), words.orElse(null), noWords))
                .orElse(null);
        ClassList excluded = settings.excluded()
                .map(name -> ClassList.resolve(
                        schema, name, table.names(), SettingKey.OUTPUT_EXCLUDE.key(), words.orElse(null), noWords))
                .orElse(null);
        if (settings.withoutSeen()) {
            requireSeen(schema, table.names(), plan);
        }
        boolean any = candidates != null || excluded != null || settings.withoutSeen();
        return any
                ? Optional.of(new ClassColumns(candidates, excluded, settings.withoutSeen(), firstClass))
                : Optional.empty();
    }

    private static void requireSeen(StructType schema, ColumnNames names, InputPlan plan) {
        if (!plan.form().holdsTokens()) {
            throw new RefusedException(
                    "output.exclude = seen: the sequences are %s, which are no tokens and so no classes; name a column that lists the classes to exclude"
                            .formatted(plan.form()));
        }
        boolean listed = ColumnPath.find(schema, AnswerClasses.SEEN, names).stream()
                .anyMatch(path -> SequenceForm.of(schema.fields()[path.top()].dataType()) != null);
        if (listed) {
            throw new RefusedException(
                    "output.exclude = seen is the row's own tokens, and the input has a column 'seen' of type %s as well: rename that column"
                            .formatted(schema.fields()[names.index(schema, AnswerClasses.SEEN)]
                                    .dataType()
                                    .catalogString()));
        }
    }

    /** Whether the tokens of the row itself are excluded. */
    boolean readsSeen() {
        return withoutSeen;
    }

    /** Where the candidates are, for messages. */
    String candidatesPlace() {
        return candidates.place();
    }

    /**
     * The same sequence with an answer about the row's classes.
     *
     * @param seen the row's own tokens; not read unless {@link #readsSeen()}
     */
    Sequence read(Row row, Sequence sequence, int[] seen) throws UnreadableRow {
        ClassChoice choice = candidates == null ? ClassChoice.ALL : ClassChoice.ofCandidates(candidates(row));
        int[] without = withoutSeen
                ? Arrays.stream(seen).map(token -> token - firstClass).toArray()
                : excluded == null ? new int[0] : excluded(row);
        return sequence.about(without.length == 0 ? choice : choice.excluding(without));
    }

    private int[] candidates(Row row) throws UnreadableRow {
        List<?> values = candidates.values(row);
        if (values == null) {
            throw new UnreadableRow(
                    RowDefect.code(Defect.Kind.NULL_CANDIDATES), "it is null, expected a list (an empty one is [])");
        }
        int[] classes = new int[values.size()];
        int place = 0;
        for (Object value : values) {
            if (value == null) {
                throw new UnreadableRow(
                        RowDefect.code(Defect.Kind.NULL_CANDIDATES),
                        String.format(Locale.ROOT, "the candidate at place %d is null", place));
            }
            long id = candidates.id(value);
            long ofClass = id - firstClass;
            if (id == ClassList.NO_ID || ofClass != (int) ofClass) {
                throw new UnreadableRow(
                        RowDefect.code(Defect.Kind.CANDIDATE_OUT_OF_RANGE),
                        String.format(
                                Locale.ROOT,
                                "the candidate '%s' at place %d is none of the model's classes; leave it out",
                                value,
                                place));
            }
            classes[place++] = (int) ofClass;
        }
        return classes;
    }

    /** A list that is null excludes nothing, and so do values that are no class. */
    private int[] excluded(Row row) {
        List<?> values = excluded.values(row);
        return values == null
                ? new int[0]
                : values.stream()
                        .filter(value -> value != null)
                        .mapToLong(excluded::id)
                        .filter(id -> id != ClassList.NO_ID)
                        .map(id -> id - firstClass)
                        .filter(ofClass -> ofClass >= 0 && ofClass <= Integer.MAX_VALUE)
                        .mapToInt(ofClass -> (int) ofClass)
                        .toArray();
    }
}
