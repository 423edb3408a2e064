package sluice.job.output;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalog.Column;
import org.apache.spark.sql.catalyst.catalog.HiveTableRelation;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.connector.catalog.TableCatalog;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.execution.datasources.v2.DataSourceV2Relation;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.CollectionConverters;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;

/**
 * A table in one of Spark's catalogs.
 *
 * @param name as in SQL
 * @param provider its table format: {@code parquet}, {@code delta}, ...
 * @param schema all columns
 * @param partitionBy names of the partition columns, in the order of the schema
 */
record CatalogTable(String name, String provider, StructType schema, List<String> partitionBy) {
    private static final Logger LOG = LoggerFactory.getLogger(CatalogTable.class);

    /** Providers whose tables Spark writes as files through its V1 writer, without transactions. */
    private static final Set<String> FILE_PROVIDERS =
            Set.of("parquet", "orc", "json", "csv", "text", "avro", "xml", "hive");

    /** Providers that replace a whole table in one transaction. */
    private static final Set<String> TRANSACTIONAL = Set.of("delta", "iceberg");

    /**
     * @return empty if the table does not exist
     * @throws RefusedException if the name is invalid, or is that of a view
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

    /**
     * The directories that a table or a view reads, as far as Spark knows them.
     *
     * @param option the option that gave the name, for messages
     * @return empty if there is no such table
     */
    static List<Place> places(SparkSession spark, String name, String option, Configuration hadoop) {
        LogicalPlan plan;
        try {
            plan = ((org.apache.spark.sql.classic.Dataset<?>) spark.read().table(name))
                    .queryExecution()
                    .analyzed();
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            LOG.debug("{}: its places are unknown: {}", name, e.getMessage()); // reading or writing it says why
            return List.of();
        }
        return CollectionConverters.asJava(plan.collectLeaves()).stream()
                .flatMap(CatalogTable::locations)
                .map(location -> Place.of(location, option, hadoop))
                .toList();
    }

    private static Stream<String> locations(LogicalPlan leaf) {
        if (leaf instanceof LogicalRelation files && files.relation() instanceof HadoopFsRelation relation) {
            return CollectionConverters.asJava(relation.location().rootPaths()).stream()
                    .map(Path::toString);
        }
        if (leaf instanceof HiveTableRelation hive) {
            return Stream.of(new Path(hive.tableMeta().location()).toString());
        }
        if (leaf instanceof DataSourceV2Relation table) {
            return Optional.ofNullable(table.table().properties().get(TableCatalog.PROP_LOCATION)).stream();
        }
        return Stream.of();
    }

    /** Spark states the provider of a table in any catalog only in the output of DESCRIBE. */
    private static String provider(SparkSession spark, String name) {
        return spark.sql("DESCRIBE TABLE EXTENDED " + name).filter("col_name = 'Provider'").collectAsList().stream()
                .map(row -> row.getString(1))
                .findFirst()
                .orElseThrow(() -> new RefusedException(
                        "%s: is not a table (a view, perhaps), expected a table to write to; check --output"
                                .formatted(name)));
    }

    /** Whether Spark writes it as files through its V1 writer. */
    boolean isOfFiles() {
        return FILE_PROVIDERS.contains(provider);
    }

    /** Whether a replacement is one transaction, so that readers see either the old table or the new one. */
    boolean isReplacedAtomically() {
        return TRANSACTIONAL.contains(provider);
    }
}
