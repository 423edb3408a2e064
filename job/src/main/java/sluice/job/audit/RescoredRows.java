package sluice.job.audit;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.HumanText;
import sluice.job.report.RunCounters;
import sluice.job.task.PartitionScorer;

/** Rows whose answers were computed again and compared with those in the table. Not a record, which Kryo can't read. */
final class RescoredRows implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST_TEXT = 80;
    private static final int DEFAULT_KEYS = 3;
    private static final List<String> KEY_TYPES =
            List.of("string", "tinyint", "smallint", "int", "bigint", "date", "timestamp");

    static final RescoredRows NONE = new RescoredRows(0, 0, null);

    /** A column of the table and the column of the same row with the answer that is expected there. */
    private record Pair(String name, int found, int expected, DataType type) implements Serializable {}

    /** A column that names a row in messages. */
    private record Key(String name, int column, DataType type) implements Serializable {}

    private final long rows;
    private final long different;
    private final String first; // or null

    /**
     * @param rows that were compared
     * @param different rows, of which {@code first} is one
     * @param first names the first row that differs, its column and both values; null if none differs
     */
    RescoredRows(long rows, long different, String first) {
        this.rows = rows;
        this.different = different;
        this.first = first;
    }

    long rows() {
        return rows;
    }

    long different() {
        return different;
    }

    /** Null if no row differs. */
    String first() {
        return first;
    }

    RescoredRows plus(RescoredRows other) {
        return new RescoredRows(rows + other.rows, different + other.different, first == null ? other.first : first);
    }

    /**
     * Scores rows again and compares them.
     *
     * @param root path that the paths of the rows' files begin with
     */
    static RescoredRows of(Rescoring how, String root) {
        Dataset<Row> rows = how.plan().table().rows();
        RunCounters counters = new RunCounters(rows.sparkSession().sparkContext());
        StructType schema = how.plan().schema();
        Dataset<Row> scored = rows.mapPartitions(new PartitionScorer(how.broadcast(), counters), Encoders.row(schema));
        List<Pair> pairs = how.answers().stream()
                .map(name -> new Pair(
                        how.prefix() + name,
                        schema.fieldIndex(how.prefix() + name),
                        schema.fieldIndex(Rescoring.EXPECTED + name),
                        schema.apply(Rescoring.EXPECTED + name).dataType()))
                .toList();
        List<Key> keys = keys(schema, how);
        int file = schema.fieldIndex(AuditedTable.FILE);
        return scored
                .queryExecution()
                .toRdd()
                .toJavaRDD()
                .mapPartitions(part -> compare(part, pairs, keys, file, root))
                .collect()
                .stream()
                .reduce(NONE, RescoredRows::plus);
    }

    /** The columns of {@code input.key}, otherwise the first three of a plain type. */
    private static List<Key> keys(StructType schema, Rescoring how) {
        Stream<String> names = how.keys().isEmpty()
                ? Arrays.stream(schema.fields())
                        .filter(field -> KEY_TYPES.contains(field.dataType().catalogString()))
                        .map(field -> field.name())
                        .filter(name -> !how.isAdded(name))
                        .limit(DEFAULT_KEYS)
                : how.keys().stream();
        return new ArrayList<>(names.map(name -> new Key(
                        name, schema.fieldIndex(name), schema.apply(name).dataType()))
                .toList());
    }

    private static Iterator<RescoredRows> compare(
            Iterator<InternalRow> part, List<Pair> pairs, List<Key> keys, int file, String root) {
        long rows = 0;
        long different = 0;
        String first = null;
        while (part.hasNext()) {
            InternalRow row = part.next();
            rows++;
            for (Pair pair : pairs) {
                ValueDifference difference = ValueDifference.of(row, pair.found(), row, pair.expected(), pair.type());
                if (difference != null) {
                    different++;
                    first = first == null ? name(row, keys, file, root) + sentence(pair, difference) : first;
                    break;
                }
            }
        }
        return Collections.singletonList(new RescoredRows(rows, different, first))
                .iterator();
    }

    private static String name(InternalRow row, List<Key> keys, int file, String root) {
        List<String> names = keys.stream()
                .map(key -> "%s=%s"
                        .formatted(
                                key.name(),
                                row.isNullAt(key.column())
                                        ? "null"
                                        : cut(ValueDifference.text(row.get(key.column(), key.type()), key.type()))))
                .toList();
        String path = RowTotals.path(row.getUTF8String(file).toString());
        String place = path.isEmpty() ? "" : " in " + path.substring(root.length());
        return "row %s%s: ".formatted(String.join(", ", names), place);
    }

    private static String sentence(Pair pair, ValueDifference difference) {
        return "%s%s is %s, expected %s"
                .formatted(pair.name(), difference.place(), cut(difference.found()), cut(difference.expected()));
    }

    private static String cut(String text) {
        return text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT) + "...";
    }

    /** For example {@code 1,024 of 1,024 rows have the same bits}. */
    String sentence() {
        return String.format(
                Locale.ROOT,
                "%,d of %s the same bits",
                rows - different,
                HumanText.count(rows, "row") + (rows == 1 ? " has" : " have"));
    }
}
