package sluice.job.bench;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.struct;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Compares two scored tables row by row.
 *
 * <p>Probabilities agree within {@value #PROBABILITY}, and within {@value #RELATIVE} relative to their value, because with thousands of
 * classes each is about 1 / K. Log-likelihoods agree within {@value #RELATIVE} relative to their value. Classes whose difference is
 * within rounding may have either order: a fraction of {@value #NEAR_TIES} of all ranks may differ by one place, and the same fraction of
 * all listed classes, if their probabilities agree.
 */
final class AnswerComparison {
    private static final double PROBABILITY = 1e-5;
    private static final double RELATIVE = 1e-4;
    private static final double NEAR_TIES = 1e-3;

    private String mismatch = "";
    private long rows;
    private double difference;
    private double relative;
    private long places;
    private long nearTies;

    private AnswerComparison() {}

    /**
     * The result of a comparison.
     *
     * @param mismatch a sentence with the first mismatch, or an empty string
     * @param difference largest difference of a probability or a log-likelihood
     * @param relative largest difference relative to the value
     * @param places number of ranks and listed classes that were compared
     * @param nearTies number of those that differ within the tolerance
     */
    record Found(String mismatch, long rows, double difference, double relative, long places, long nearTies)
            implements Serializable {
        private Found and(Found other) {
            return new Found(
                    mismatch.isEmpty() ? other.mismatch : mismatch,
                    rows + other.rows,
                    Math.max(difference, other.difference),
                    Math.max(relative, other.relative),
                    places + other.places,
                    nearTies + other.nearTies);
        }

        private Found refused(String sentence) {
            return new Found(sentence, rows, difference, relative, places, nearTies);
        }

        String sentence() {
            String near = nearTies == 0 ? "" : ", %,d of %,d places are near ties".formatted(nearTies, places);
            return "%,d rows within %.1e, relative %.1e%s".formatted(rows, difference, relative, near);
        }
    }

    static Found compare(SparkSession spark, Path input, Path ours, Path theirs, RequestedOutput requested) {
        Dataset<Row> a = answers(spark, ours, requested, "ours");
        Dataset<Row> b = answers(spark, theirs, requested, "theirs");
        List<String> columns = requested.columns();
        Found all = a
                .join(b, BenchTable.ID)
                .javaRDD()
                .mapPartitions(pairs -> List.of(ofPartition(pairs, columns)).iterator())
                .collect()
                .stream()
                .reduce(new AnswerComparison().found(), Found::and);
        long rows = spark.read().parquet(input.toString()).count();
        if (a.count() != rows || b.count() != rows || all.rows() != rows) {
            return all.refused("%,d rows of input, of which one has %,d, the other %,d, and both %,d"
                    .formatted(rows, a.count(), b.count(), all.rows()));
        }
        if (all.mismatch().isEmpty() && all.nearTies() > NEAR_TIES * all.places()) {
            return all.refused(
                    "%,d of %,d places differ, more than rounding explains".formatted(all.nearTies(), all.places()));
        }
        return all;
    }

    private static Dataset<Row> answers(SparkSession spark, Path table, RequestedOutput requested, String name) {
        Column[] answers = requested.columns().stream().map(functions::col).toArray(Column[]::new);
        return spark.read()
                .parquet(table.toString())
                .select(col(BenchTable.ID), struct(answers).as(name));
    }

    private static Found ofPartition(Iterator<Row> pairs, List<String> columns) {
        AnswerComparison comparison = new AnswerComparison();
        pairs.forEachRemaining(pair -> comparison.compare(pair, columns));
        return comparison.found();
    }

    private Found found() {
        return new Found(mismatch, rows, difference, relative, places, nearTies);
    }

    private void compare(Row pair, List<String> columns) {
        rows++;
        String row = "%s=%d".formatted(BenchTable.ID, pair.getLong(0));
        for (int at = 0; at < columns.size(); at++) {
            String column = columns.get(at);
            String where = "%s, %s".formatted(row, column);
            Row ours = pair.getStruct(1);
            Row theirs = pair.getStruct(2);
            switch (column) {
                case "rank" -> ranks(where, ours.getList(at), theirs.getList(at));
                case "loglik" -> likelihood(where, ours.getStruct(at), theirs.getStruct(at));
                case "softmax" -> softmax(where, ours.getList(at), theirs.getList(at));
                case "topk" -> topClasses(where, ours.getList(at), theirs.getList(at));
                default -> throw new AssertionError(column);
            }
        }
    }

    private void ranks(String where, List<Integer> ours, List<Integer> theirs) {
        require(ours.size() == theirs.size(), where, ours.size(), theirs.size());
        for (int step = 0; step < Math.min(ours.size(), theirs.size()); step++) {
            int apart = Math.abs(ours.get(step) - theirs.get(step));
            require(apart <= 1, where, ours.get(step), theirs.get(step));
            places++;
            nearTies += apart;
        }
    }

    private void likelihood(String where, Row ours, Row theirs) {
        double sum = ours.getDouble(0);
        double apart = Math.abs(sum - theirs.getDouble(0));
        require(apart <= RELATIVE * Math.abs(sum), where, sum, theirs.getDouble(0));
        require(ours.getInt(2) == theirs.getInt(2), where, ours.getInt(2), theirs.getInt(2));
        note(apart, sum);
    }

    private void softmax(String where, List<Float> ours, List<Float> theirs) {
        require(ours.size() == theirs.size(), where, ours.size(), theirs.size());
        for (int column = 0; column < Math.min(ours.size(), theirs.size()); column++) {
            probability(where, ours.get(column), theirs.get(column));
        }
    }

    private void topClasses(String where, List<Row> ours, List<Row> theirs) {
        require(ours.size() == theirs.size(), where, ours.size(), theirs.size());
        for (int place = 0; place < Math.min(ours.size(), theirs.size()); place++) {
            probability(where, ours.get(place).getFloat(2), theirs.get(place).getFloat(2));
            places++;
            nearTies += ours.get(place).getInt(0) == theirs.get(place).getInt(0) ? 0 : 1;
        }
    }

    private void probability(String where, float ours, float theirs) {
        double apart = Math.abs((double) ours - theirs);
        require(apart <= PROBABILITY && apart <= RELATIVE * ours, where, ours, theirs);
        note(apart, ours);
    }

    private void note(double apart, double value) {
        difference = Math.max(difference, apart);
        relative = Math.max(relative, apart == 0 ? 0 : apart / Math.abs(value));
    }

    private void require(boolean agrees, String where, Number ours, Number theirs) {
        if (!agrees && mismatch.isEmpty()) {
            mismatch = String.format(Locale.ROOT, "row %s: found %s, the other has %s", where, ours, theirs);
        }
    }
}
