package sluice.job.output;

import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.CreateTableWriter;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException;
import org.apache.spark.sql.functions;
import org.apache.spark.storage.StorageLevel;
import sluice.job.fingerprint.TableFingerprint;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.message.UnfinishedException;
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.OutputMode;
import sluice.job.settings.Settings;
import sluice.job.source.ColumnNames;
import sluice.job.source.ColumnPath;

/**
 * A table of Spark's catalogs. Its rows are scored once and cached on the executors' disks, so that the bad-row limit is checked before
 * the table is written. If an executor's disk is lost, Spark scores its rows again, to the same bits. Visibility depends on the table
 * format: Delta and Iceberg commit atomically.
 */
final class TableOutput implements ScoredOutput {
    private static final String DELTA = "delta";
    private static final String LOCATION = "path"; // an option of Spark's writers

    /** Settings without which Hive writes only into partitions that a statement names. The values of the rows name them here. */
    private static final Map<String, String> HIVE_PARTITIONS =
            Map.of("hive.exec.dynamic.partition", "true", "hive.exec.dynamic.partition.mode", "nonstrict");

    private static final String OVERWRITE_MODE = "spark.sql.sources.partitionOverwriteMode";

    private final SparkSession spark;
    private final Settings.Output settings;
    private final Optional<CatalogTable> existing;
    private final Optional<TableBadRows> badRows;
    private final RunName run;
    private final String runName; // not escaped for file names; empty without --run
    private Dataset<Row> rows; // null until staged
    private long fileRows;
    private boolean keepsDefinition; // of a table whose rows are all replaced

    private TableOutput(
            SparkSession spark,
            Settings.Output settings,
            Optional<CatalogTable> existing,
            Optional<TableBadRows> badRows,
            RunName run,
            String runName) {
        this.spark = spark;
        this.settings = settings;
        this.existing = existing;
        this.run = run;
        this.runName = runName;
        this.badRows = badRows;
    }

    /** @throws RefusedException if the output mode is not possible for the table, or there is no usable directory for bad rows */
    static TableOutput at(SparkSession spark, Settings settings, RunName run, Configuration hadoop) {
        Settings.Output output = settings.output();
        Optional<CatalogTable> existing = CatalogTable.find(spark, output.path());
        existing.ifPresent(table -> requireMode(table, output));
        if (existing.isEmpty()
                && output.mode() == OutputMode.PARTITIONS
                && output.partitionBy().isEmpty()) {
            throw new RefusedException(
                    "output.mode = partitions needs partition columns, and table '%s' does not exist yet; set output.partition-by"
                            .formatted(output.path()));
        }
        boolean isNewOfFiles = existing.isEmpty() && CatalogTable.isOfFiles(provider(spark, output, existing));
        if (isNewOfFiles && !output.options().containsKey(LOCATION)) {
            CatalogTable.requireCreatable(spark, output.path(), hadoop);
        }
        if (output.mode() == OutputMode.APPEND && run.given()) {
            requireOnce(
                    provider(spark, output, existing), output, settings.report().run());
        }
        return new TableOutput(
                spark,
                output,
                existing,
                badRows(settings, run, hadoop),
                run,
                settings.report().run());
    }

    private static String provider(SparkSession spark, Settings.Output settings, Optional<CatalogTable> existing) {
        return existing.map(CatalogTable::provider)
                .or(settings::tableProvider)
                .orElseGet(() -> CatalogTable.defaultProvider(spark, settings.path()));
    }

    /**
     * A named run is added once. Delta skips a transaction that it has committed before, and Iceberg's snapshots have the names of their
     * runs. Other tables don't know which runs they hold, and this run can't know it either, because its report is not in the table.
     */
    private static void requireOnce(String provider, Settings.Output settings, String run) {
        if (!provider.equalsIgnoreCase(DELTA) && !provider.equalsIgnoreCase(CatalogTable.ICEBERG)) {
            throw new RefusedException(
                    "%s: is stored as %s, which does not record that the run '%s' was added, so repeating it would add its rows again; use --mode partitions, a Delta or Iceberg table or a directory, or leave out --run"
                            .formatted(settings.path(), provider, run));
        }
    }

    private static void requireMode(CatalogTable table, Settings.Output settings) {
        switch (settings.mode()) {
            case ERROR ->
                throw new RefusedException(
                        "%s: exists already; choose another --output, or set --mode to overwrite, append or partitions"
                                .formatted(table.name()));
            case OVERWRITE -> {
                if (!table.isReplacedAtomically()) {
                    throw new RefusedException(
                            "%s: is stored as %s, and Spark drops such a table before it writes the new one; use --mode partitions, a Delta or Iceberg table, or a path"
                                    .formatted(table.name(), table.provider()));
                }
            }
            case APPEND -> {}
            case PARTITIONS -> {
                if (table.partitioning().isEmpty()) {
                    throw new RefusedException("%s: has no partitions; use --mode append%s"
                            .formatted(table.name(), table.isReplacedAtomically() ? " or overwrite" : ""));
                }
            }
        }
        if (isOtherProvider(table, settings) && settings.mode() != OutputMode.OVERWRITE) {
            throw new RefusedException("%s: is stored as %s, not as output.table-provider = %s"
                    .formatted(
                            table.name(),
                            table.provider(),
                            settings.tableProvider().get()));
        }
    }

    private static boolean isOtherProvider(CatalogTable table, Settings.Output settings) {
        return settings.tableProvider()
                .filter(provider -> !provider.equalsIgnoreCase(table.provider()))
                .isPresent();
    }

    private static Optional<TableBadRows> badRows(Settings settings, RunName run, Configuration hadoop) {
        if (settings.badRows().rule() != BadRowRule.QUARANTINE) {
            return Optional.empty();
        }
        String given = settings.badRows()
                .path()
                .orElseThrow(
                        () -> new RefusedException(
                                "bad-rows.rule = quarantine: an output table can't hold the bad rows; set bad-rows.path to a directory"));
        QuarantinePlace place = QuarantinePlace.resolve(given, settings.output(), hadoop);
        return Optional.of(TableBadRows.of(place, settings.output(), run));
    }

    @Override
    public boolean holdsRun() {
        return settings.mode() == OutputMode.APPEND
                && run.given()
                && existing.filter(CatalogTable::isIceberg).isPresent()
                && SnapshotRuns.of(spark, existing.get()).holds(runName);
    }

    @Override
    public void requireFits(TableShape shape) {
        if (existing.isEmpty()) {
            return;
        }
        CatalogTable table = existing.get();
        Optional<String> difference = difference(table, shape);
        if (settings.mode() == OutputMode.OVERWRITE) {
            keepsDefinition = difference.isEmpty() && !isOtherProvider(table, settings);
            if (!keepsDefinition) {
                requirePartitionsKept(table, shape);
            }
        } else if (difference.isPresent()) {
            throw new RefusedException("%s: can't be added to: %s; choose another --output, or settings that fit"
                    .formatted(table.name(), difference.get()));
        }
    }

    private Optional<String> difference(CatalogTable table, TableShape shape) {
        ColumnNames names = ColumnNames.of(spark);
        List<String> partitions = table.partitioning().names();
        boolean otherPartitions =
                !shape.partitionBy().isEmpty() && !samePartitions(shape.partitionBy(), partitions, names);
        TableShape there = new TableShape(table.schema(), partitions);
        TableShape mine = new TableShape(shape.columns(), otherPartitions ? shape.partitionBy() : partitions);
        return mine.difference(there, TableShape.Types.WIDER, names);
    }

    /** A table that is replaced by one of other columns keeps its partitions, unless the settings name others. */
    private void requirePartitionsKept(CatalogTable table, TableShape shape) {
        TablePartitioning partitions = table.partitioning();
        ColumnNames names = ColumnNames.of(spark);
        List<String> columns = List.of(shape.columns().fieldNames());
        boolean areKept = partitions.derived().isEmpty()
                && partitions.columns().stream().allMatch(name -> names.contains(columns, name));
        if (settings.partitionBy().isEmpty() && !areKept) {
            throw new RefusedException(
                    "%s: is partitioned by %s, and a table with other columns can't take that over; set output.partition-by, or drop the table, or choose another --output"
                            .formatted(table.name(), String.join(", ", partitions.names())));
        }
    }

    /** In any order: the table's own is used. */
    private static boolean samePartitions(List<String> mine, List<String> there, ColumnNames names) {
        return mine.size() == there.size() && mine.stream().allMatch(name -> names.contains(there, name));
    }

    @Override
    public TableFingerprint stage(Dataset<Row> scored, long fileRows) {
        this.fileRows = fileRows;
        rows = scored.persist(StorageLevel.DISK_ONLY());
        return TableFingerprint.ofCached(rows); // an action that fills the cache
    }

    @Override
    public void stageBadRows(Dataset<Row> bad) {
        DataFrameWriter<Row> writer = bad.write()
                .format(settings.format().writer())
                .option("compression", settings.format().compression());
        TableBadRows place = badRows.get();
        StagingCommitProtocol.save(writer, bad.sparkSession().conf(), place.published(), place.staging());
    }

    @Override
    public String badRowsPath() {
        return badRows.map(place -> place.published().toString()).orElse("");
    }

    /** Publishes the bad rows before the table, and withdraws them if the table can't be written. */
    @Override
    public boolean publish(RunReport report) throws IOException {
        if (holdsRun()) { // another process was faster
            return false;
        }
        try {
            if (badRows.isPresent()) {
                badRows.get().add();
            }
            commit();
        } catch (TableAlreadyExistsException | NoSuchTableException e) {
            IOException failure = new IOException(
                    "%s: was created or dropped by another process during this run".formatted(settings.path()), e);
            withdrawBadRows(failure);
            throw failure;
        } catch (Exception | Error failure) { // Spark throws checked exceptions that it doesn't declare
            withdrawBadRows(failure);
            throw failure;
        }
        return true;
    }

    private void commit() throws TableAlreadyExistsException, NoSuchTableException {
        HIVE_PARTITIONS.forEach(spark.conf()::set);
        if (existing.isEmpty()) {
            create();
            return;
        }
        CatalogTable table = existing.get();
        if (settings.mode() == OutputMode.OVERWRITE && keepsDefinition) {
            rows.writeTo(table.name()).options(options()).overwrite(functions.lit(true));
        } else if (settings.mode() == OutputMode.OVERWRITE) {
            creator(rows).createOrReplace();
        } else if (table.isOfFiles()) {
            add(table);
        } else if (settings.mode() == OutputMode.APPEND) {
            rows.writeTo(table.name()).options(options()).append();
        } else {
            rows.writeTo(table.name()).options(options()).overwritePartitions();
        }
    }

    /**
     * {@code output.options} take precedence over the number of rows in a file, which only file writers read, and over the transaction of a
     * named run, which only Delta reads, or the properties of its snapshot in Iceberg.
     */
    private Map<String, String> options() {
        Map<String, String> options = new LinkedHashMap<>();
        if (fileRows > 0) {
            options.put("maxRecordsPerFile", Long.toString(fileRows));
        }
        if (settings.mode() == OutputMode.APPEND && run.given()) {
            options.put("txnAppId", "sluice run " + run.file());
            options.put("txnVersion", "1");
        }
        if (provider(spark, settings, existing).equalsIgnoreCase(CatalogTable.ICEBERG)) {
            options.putAll(SnapshotRuns.options(settings.mode(), runName));
        }
        options.putAll(settings.options());
        return options;
    }

    private void create() throws TableAlreadyExistsException {
        if (!CatalogTable.isOfHive(provider(spark, settings, existing))) {
            creator(rows).create();
            return;
        }
        // In two steps: Spark can't read a table of Hive that it has created from lists without nulls.
        creator(spark.createDataFrame(List.of(), rows.schema().asNullable())).create();
        try {
            insert(CatalogTable.find(spark, settings.path()).orElseThrow(), SaveMode.Append);
        } catch (Exception | Error failure) { // Spark throws checked exceptions that it doesn't declare
            drop(failure);
            throw failure;
        }
    }

    private void drop(Throwable failure) {
        try {
            spark.sql("DROP TABLE IF EXISTS " + settings.path());
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private CreateTableWriter<Row> creator(Dataset<Row> content) {
        CreateTableWriter<Row> writer = content.writeTo(settings.path()).options(options());
        Optional<String> provider = settings.tableProvider().or(() -> existing.map(CatalogTable::provider));
        if (provider.isPresent()) {
            writer = writer.using(provider.get());
        }
        List<String> columns = settings.partitionBy().isEmpty()
                ? existing.map(table -> table.partitioning().columns()).orElse(List.of())
                : settings.partitionBy();
        Column[] partitionBy = columns.stream()
                .map(name -> functions.col(ColumnPath.quoted(name)))
                .toArray(Column[]::new);
        return partitionBy.length == 0
                ? writer
                : writer.partitionedBy(partitionBy[0], Arrays.copyOfRange(partitionBy, 1, partitionBy.length));
    }

    /** Spark moves the new files one by one after all tasks have ended, so a failure then may leave a part of them in the table. */
    private void add(CatalogTable table) {
        try {
            insert(table, settings.mode() == OutputMode.APPEND ? SaveMode.Append : SaveMode.Overwrite);
        } catch (Exception failure) { // Spark throws checked exceptions that it doesn't declare
            if (Failure.isOfTask(failure)) {
                throw failure;
            }
            throw new UnfinishedException(
                    settings.mode() == OutputMode.APPEND
                            ? "%s: the new rows could not be added: %s; the table may hold a part of them, because Spark moves files one by one: compare its rows with those before, and remove new ones before you repeat the run"
                                    .formatted(settings.path(), Failure.reason(failure))
                            : "%s: the partitions could not be replaced: %s; some may be old, some new, and one may be missing, because Spark moves them one by one: repeat the run, which replaces all of them"
                                    .formatted(settings.path(), Failure.reason(failure)),
                    failure);
        }
    }

    /** Inserts by position, so the columns are put into the table's order. */
    private void insert(CatalogTable table, SaveMode mode) {
        Column[] columns = Arrays.stream(table.schema().fieldNames())
                .map(name -> functions.col(ColumnPath.quoted(name)))
                .toArray(Column[]::new);
        // A session setting, because a writer option would be stored as a property of the table.
        spark.conf().set(OVERWRITE_MODE, "dynamic");
        rows.select(columns).write().mode(mode).options(options()).insertInto(table.name());
    }

    /** Deletes earlier bad rows, and the cached rows. */
    @Override
    public void removeReplaced() throws IOException {
        try {
            if (badRows.isPresent()) {
                badRows.get().complete();
            }
        } finally {
            rows.unpersist();
        }
    }

    @Override
    public void abandon() throws IOException {
        if (rows != null) {
            rows.unpersist();
        }
        if (badRows.isPresent()) {
            badRows.get().abandon();
        }
    }

    private void withdrawBadRows(Throwable failure) {
        try {
            if (badRows.isPresent()) {
                badRows.get().withdraw();
            }
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }
}
