package sluice.job.output;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.catalog.HiveTableRelation;
import org.apache.spark.sql.catalyst.catalog.SessionCatalog;
import org.apache.spark.sql.catalyst.parser.CatalystSqlParser$;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.connector.catalog.TableCatalog;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.execution.datasources.v2.DataSourceV2Relation;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.source.HiveTransactions;
import sluice.job.storage.Storage;

/**
 * A table in one of Spark's catalogs.
 *
 * @param name as in SQL
 * @param provider its table format in lower case: {@code parquet}, {@code delta}, {@code hive}, ...
 * @param schema all columns
 * @param relation how Spark reads it through a connector; empty for tables that Spark reads as files
 */
record CatalogTable(
        String name,
        String provider,
        StructType schema,
        TablePartitioning partitioning,
        Optional<DataSourceV2Relation> relation) {
    private static final Logger LOG = LoggerFactory.getLogger(CatalogTable.class);

    static final String ICEBERG = "iceberg";

    private static final String CATALOG = "spark.sql.catalog.";

    /** The class of a catalog with tables of Iceberg alone. */
    private static final String ICEBERG_CATALOG = "org.apache.iceberg.spark.SparkCatalog";

    private static final String DEFAULT_PROVIDER = "spark.sql.sources.default";

    private static final String HIVE = "hive";

    /** Providers whose tables Spark writes as files through its V1 writer, without transactions. */
    private static final Set<String> FILE_PROVIDERS =
            Set.of("parquet", "orc", "json", "csv", "text", "avro", "xml", HIVE);

    private static final String OWN_CATALOG = "spark_catalog";

    /** Providers that replace a whole table in one transaction. */
    private static final Set<String> TRANSACTIONAL = Set.of("delta", ICEBERG);

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
            Dataset<Row> rows = spark.read().table(name);
            HiveTransactions.requireNone(rows, "--output");
            Optional<DataSourceV2Relation> relation = leaves(rows)
                    .filter(DataSourceV2Relation.class::isInstance)
                    .map(DataSourceV2Relation.class::cast)
                    .findFirst();
            TablePartitioning partitioning = relation.isPresent()
                    ? TablePartitioning.of(relation.get().table().partitioning())
                    : TablePartitioning.ofFiles(spark, name);
            return Optional.of(new CatalogTable(name, provider, rows.schema(), partitioning, relation));
        } catch (RefusedException e) {
            throw e;
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            throw new RefusedException(
                    "%s: can't be looked up: %s; check --output and the spark.sql.catalog settings"
                            .formatted(name, Failure.firstLine(e.getMessage())),
                    e);
        } catch (LinkageError e) {
            throw Failure.ofCatalog(name, e, spark.version());
        }
    }

    /**
     * The format that a new table of this name gets if the settings name none. A catalog of Iceberg makes its own tables, others take Spark's
     * default.
     */
    static String defaultProvider(SparkSession spark, String name) {
        List<String> parts = parts(name);
        String first = CATALOG + parts.get(0);
        String catalog = parts.size() > 1 && spark.conf().contains(first)
                ? first
                : CATALOG + spark.catalog().currentCatalog();
        return spark.conf().get(catalog, "").equals(ICEBERG_CATALOG)
                ? ICEBERG
                : spark.conf().get(DEFAULT_PROVIDER);
    }

    private static List<String> parts(String name) {
        return CollectionConverters.asJava(CatalystSqlParser$.MODULE$.parseMultipartIdentifier(name));
    }

    /**
     * The directories that a table or a view reads, as far as Spark knows them.
     *
     * @param option the option that gave the name, for messages
     * @return empty if there is no such table
     */
    static List<Place> places(SparkSession spark, String name, String option, Configuration hadoop) {
        Stream<LogicalPlan> leaves;
        try {
            leaves = leaves(spark.read().table(name));
        } catch (Exception | LinkageError e) { // Spark throws checked exceptions that it doesn't declare
            LOG.debug("{}: its places are unknown: {}", name, e.getMessage()); // reading or writing it says why
            return List.of();
        }
        return leaves.flatMap(CatalogTable::locations)
                .map(location -> Place.of(location, option, hadoop))
                .toList();
    }

    private static Stream<LogicalPlan> leaves(Dataset<Row> rows) {
        LogicalPlan plan = ((org.apache.spark.sql.classic.Dataset<?>) rows)
                .queryExecution()
                .analyzed();
        return CollectionConverters.asJava(plan.collectLeaves()).stream();
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

    /** Spark states the provider of a table in any catalog only in the output of DESCRIBE, as the statement spelled it that created it. */
    private static String provider(SparkSession spark, String name) {
        return spark.sql("DESCRIBE TABLE EXTENDED " + name).filter("col_name = 'Provider'").collectAsList().stream()
                .map(row -> row.getString(1).toLowerCase(Locale.ROOT))
                .findFirst()
                .orElseThrow(() -> new RefusedException(
                        "%s: is not a table (a view, perhaps), expected a table to write to; check --output"
                                .formatted(name)));
    }

    /** Whether Spark writes it as files through its V1 writer. */
    boolean isOfFiles() {
        return isOfFiles(provider);
    }

    /** Whether Spark writes tables of a provider as files through its V1 writer. */
    static boolean isOfFiles(String provider) {
        return FILE_PROVIDERS.contains(provider.toLowerCase(Locale.ROOT));
    }

    /** Whether tables of a provider are written by Hive's classes. */
    static boolean isOfHive(String provider) {
        return provider.equalsIgnoreCase(HIVE);
    }

    /**
     * Checks that Spark can create a table of files in its own catalog: it refuses to, after all rows are scored, where the table's directory
     * is in use, for example because a run was killed before the table was in the catalog.
     *
     * @throws RefusedException if there is anything in the directory
     */
    static void requireCreatable(SparkSession spark, String name, Configuration hadoop) {
        try {
            SessionCatalog catalog = ((org.apache.spark.sql.classic.SparkSession) spark)
                    .sessionState()
                    .catalog();
            List<String> parts = parts(name);
            boolean isNamed = parts.size() > 1 && parts.get(0).equalsIgnoreCase(OWN_CATALOG);
            List<String> own = isNamed ? parts.subList(1, parts.size()) : parts;
            if (own.size() > 2 || (!isNamed && !spark.catalog().currentCatalog().equals(OWN_CATALOG))) {
                return; // of another catalog
            }
            String table = own.get(own.size() - 1);
            TableIdentifier identifier =
                    own.size() == 1 ? new TableIdentifier(table) : new TableIdentifier(table, Option.apply(own.get(0)));
            Path directory = new Path(catalog.defaultTablePath(identifier));
            FileSystem files = Storage.of(directory, hadoop);
            if (files.exists(directory) && files.listStatus(directory).length > 0) {
                throw new RefusedException(
                        "%s: there is no such table, but its directory %s is not empty, so Spark can't create it; if a killed run has left the files, delete the directory and repeat, otherwise choose another --output"
                                .formatted(name, directory));
            }
        } catch (RefusedException e) {
            throw e;
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            LOG.debug("{}: its directory is unknown: {}", name, e.getMessage()); // creating the table says why
        }
    }

    boolean isIceberg() {
        return provider.equals(ICEBERG);
    }

    /** Whether a replacement is one transaction, so that readers see either the old table or the new one. */
    boolean isReplacedAtomically() {
        return TRANSACTIONAL.contains(provider);
    }
}
