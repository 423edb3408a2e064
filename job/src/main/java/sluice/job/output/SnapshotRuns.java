package sluice.job.output;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.v2.DataSourceV2Relation;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.settings.OutputMode;
import sluice.job.source.ColumnPath;

/**
 * The runs whose rows an Iceberg table holds. The snapshot of a named run has its name in its summary, so the name is committed with the
 * rows. A run counts if its snapshot is an ancestor of the table's current one, and no later run replaced all rows: a run that was rolled
 * back or overwritten can be repeated. Iceberg does not check the name at the commit, so two runs of one name at the same time both add
 * their rows if neither sees the other's snapshot.
 */
final class SnapshotRuns {
    /** In the summary of a snapshot: the run that made it. */
    private static final String RUN = "sluice.run";

    /** In the summary of a snapshot: the mode of the run that made it. */
    private static final String MODE = "sluice.mode";

    /** Iceberg's writer option that puts a property into the summary. */
    private static final String OPTION = "snapshot-property.";

    private static final String MAIN = "main";

    private final SparkSession spark;
    private final CatalogTable table;
    private final String name; // in SQL, with its catalog

    private SnapshotRuns(SparkSession spark, CatalogTable table, String name) {
        this.spark = spark;
        this.table = table;
        this.name = name;
    }

    /** @throws RefusedException if the table's snapshots can't be read, or are not published when they are written */
    static SnapshotRuns of(SparkSession spark, CatalogTable table) {
        DataSourceV2Relation relation = table.relation()
                .filter(found ->
                        found.catalog().isDefined() && found.identifier().isDefined())
                .orElseThrow(() -> unknown(table, "it is in no catalog of Iceberg"));
        requirePublished(spark, table, relation);
        List<String> parts = Stream.of(
                        Stream.of(relation.catalog().get().name()),
                        Stream.of(relation.identifier().get().namespace()),
                        Stream.of(relation.identifier().get().name()))
                .flatMap(part -> part)
                .toList();
        String name = parts.stream().map(ColumnPath::quoted).collect(Collectors.joining("."));
        return new SnapshotRuns(spark, table, name);
    }

    /** Snapshots that are audited before they are published are no ancestors of the current one. */
    private static void requirePublished(SparkSession spark, CatalogTable table, DataSourceV2Relation relation) {
        boolean audits = Boolean.parseBoolean(relation.table().properties().getOrDefault("write.wap.enabled", "false"));
        for (String setting : List.of("spark.wap.id", "spark.wap.branch")) {
            if (audits && spark.conf().getOption(setting).isDefined()) {
                throw unknown(table, "%s is set, so its new snapshots are published later".formatted(setting));
            }
        }
    }

    private static RefusedException unknown(CatalogTable table, String reason) {
        return new RefusedException(
                "%s: whether it holds the rows of the run can't be looked up: %s; leave out --run, or write to the table itself"
                        .formatted(table.name(), reason));
    }

    /** Options of Iceberg's writer for the snapshot of a run; the name may be empty. */
    static Map<String, String> options(OutputMode mode, String run) {
        Map<String, String> options = new LinkedHashMap<>();
        options.put(OPTION + MODE, text(mode));
        if (!run.isEmpty()) {
            options.put(OPTION + RUN, run);
        }
        return options;
    }

    private static String text(OutputMode mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }

    /**
     * Whether the rows of this run are in the table, as it is now.
     *
     * @throws RefusedException if the table's snapshots can't be read
     */
    boolean holds(String run) {
        Map<Long, Row> snapshots = new HashMap<>();
        Long current;
        try {
            spark.catalog().refreshTable(name); // the catalog may have cached it
            metadata("snapshots", "snapshot_id", "parent_id", "summary")
                    .forEach(snapshot -> snapshots.put(snapshot.getLong(0), snapshot));
            current = metadata("refs", "snapshot_id", "name").stream()
                    .filter(ref -> ref.getString(1).equals(MAIN))
                    .findFirst()
                    .map(ref -> ref.getLong(0))
                    .orElse(null);
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            throw unknown(table, Failure.firstLine(e.getMessage()));
        }
        while (current != null && snapshots.containsKey(current)) {
            Row snapshot = snapshots.get(current);
            Map<String, String> summary = snapshot.getJavaMap(2);
            if (run.equals(summary.get(RUN))) {
                return true;
            }
            if (text(OutputMode.OVERWRITE).equals(summary.get(MODE))) {
                return false;
            }
            current = snapshot.isNullAt(1) ? null : snapshot.getLong(1);
        }
        return false;
    }

    private List<Row> metadata(String kind, String first, String... others) {
        Dataset<Row> rows = spark.read().table(name + "." + kind);
        return rows.select(first, others).collectAsList();
    }
}
