package sluice.job.output;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalog.Column;
import org.apache.spark.sql.connector.expressions.Transform;

/**
 * How a table of a catalog is partitioned.
 *
 * @param columns names of the columns whose values are partitions
 * @param derived partitions that are computed from a column, as SQL writes them: {@code days(time)}, {@code bucket(16, id)}
 */
record TablePartitioning(List<String> columns, List<String> derived) {
    private static final String IDENTITY = "identity";

    /** Transforms that say how rows lie in the files, and make no partitions. */
    private static final Set<String> LAYOUT = Set.of("cluster_by");

    static TablePartitioning of(Transform[] transforms) {
        List<Transform> partitions = Arrays.stream(transforms)
                .filter(transform -> !LAYOUT.contains(transform.name()))
                .toList();
        return new TablePartitioning(
                partitions.stream()
                        .filter(TablePartitioning::isColumn)
                        .map(transform -> String.join(".", transform.references()[0].fieldNames()))
                        .toList(),
                partitions.stream()
                        .filter(transform -> !isColumn(transform))
                        .map(Transform::describe)
                        .toList());
    }

    private static boolean isColumn(Transform transform) {
        return transform.name().equals(IDENTITY);
    }

    /** Of a table that Spark stores as files, or reads as such. */
    static TablePartitioning ofFiles(SparkSession spark, String name) throws AnalysisException {
        return new TablePartitioning(
                spark.catalog().listColumns(name).collectAsList().stream()
                        .filter(Column::isPartition)
                        .map(Column::name)
                        .toList(),
                List.of());
    }

    boolean isEmpty() {
        return columns.isEmpty() && derived.isEmpty();
    }

    /** All partitions, as SQL writes them. */
    List<String> names() {
        return Stream.concat(columns.stream(), derived.stream()).toList();
    }
}
