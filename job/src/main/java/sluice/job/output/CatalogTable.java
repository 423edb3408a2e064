package sluice.job.output;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalog.Column;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;

/**
 * A table that Spark's catalogs have.
 *
 * @param name by which Spark finds it
 * @param provider what stores it: {@code parquet}, {@code delta}, ...
 * @param schema all its columns
 * @param partitionBy those that it is partitioned by, in the order of the schema
 */
record CatalogTable(String name, String provider, StructType schema, List<String> partitionBy) {
    /** What Spark itself stores as files: it writes these in its older way, which knows no transactions. */
    private static final Set<String> FILES = Set.of("parquet", "orc", "json", "csv", "text", "avro", "xml", "hive");

    /** What replaces a table in one transaction. */
    private static final Set<String> REPLACED_AT_ONCE = Set.of("delta", "iceberg");

    /**
     * @return nothing where there is no such table
     * @throws RefusedException where something else has the name, or it can't be a name
     */
    static Optional<CatalogTable> find(SparkSession spark, String name) {
        try {
            if (!spark.catalog().tableExists(name)) {
                return Optional.empty();
            }
            String provider = provider(spark, name);
            List<String> partitionBy = spark.catalog().listColumns(name).collectAsList().stream()
                    .filter(Column::isPartition)
                    .map(Column::name)
                    .toList();
            return Optional.of(
                    new CatalogTable(name, provider, spark.read().table(name).schema(), partitionBy));
        } catch (RefusedException e) {
            throw e;
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            throw new RefusedException(
                    "%s: can't be looked up: %s; check --output and the spark.sql.catalog settings"
                            .formatted(name, Failure.firstLine(e.getMessage())),
                    e);
        }
    }

    /** Only Spark's description of a table tells it for all catalogs. */
    private static String provider(SparkSession spark, String name) {
        return spark.sql("DESCRIBE TABLE EXTENDED " + name).filter("col_name = 'Provider'").collectAsList().stream()
                .map(row -> row.getString(1))
                .findFirst()
                .orElseThrow(() -> new RefusedException(
                        "%s: is no table that could be written to, a view perhaps; check --output".formatted(name)));
    }

    /** Whether Spark writes its files by itself. */
    boolean isOfFiles() {
        return FILES.contains(provider);
    }

    /** Whether readers see the whole old table until they see the whole new one. */
    boolean isReplacedAtOnce() {
        return REPLACED_AT_ONCE.contains(provider);
    }
}
