package sluice.job.audit;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import sluice.job.fingerprint.HashedColumns;
import sluice.job.settings.OutputFormat;
import sluice.job.source.ColumnPath;
import sluice.job.storage.Storage;

/** The table to audit: a directory of files, or a table of a catalog, which has no files here. */
final class AuditedTable {
    /** Name of the appended column of the row's file. Reserved name, chosen to avoid collisions. */
    static final String FILE = "sluice file";

    /** Spark's option that paths are no patterns: a directory may be called {@code scores[1]}. */
    private static final String PATTERNS = "__globPaths__";

    private final SparkSession spark;
    private final String name;
    private final OutputFormat format;
    private final Path root; // null for a table of a catalog
    private final List<String> files;

    private AuditedTable(SparkSession spark, String name, OutputFormat format, Path root, List<String> files) {
        this.spark = spark;
        this.name = name;
        this.format = format;
        this.root = root;
        this.files = List.copyOf(files);
    }

    static AuditedTable ofCatalog(SparkSession spark, String name) {
        return new AuditedTable(spark, name, OutputFormat.TABLE, null, List.of(""));
    }

    static AuditedTable ofDirectory(SparkSession spark, Path directory, OutputFormat format, Configuration hadoop)
            throws IOException {
        FileSystem system = Storage.of(directory, hadoop);
        Path root = system.makeQualified(directory);
        List<String> files = new ArrayList<>();
        list(system, root, files);
        return new AuditedTable(spark, directory.toString(), format, root, files);
    }

    /** Lists the files that Spark reads. */
    private static void list(FileSystem system, Path directory, List<String> files) throws IOException {
        FileStatus[] entries = system.listStatus(directory);
        Arrays.sort(entries, Comparator.comparing(FileStatus::getPath));
        for (FileStatus entry : entries) {
            boolean isHidden = Storage.isHidden(entry.getPath().getName());
            if (!isHidden && entry.isDirectory()) {
                list(system, entry.getPath(), files);
            } else if (!isHidden) {
                files.add(entry.getPath().toString());
            }
        }
    }

    /** As the user gave it. */
    String name() {
        return name;
    }

    SparkSession spark() {
        return spark;
    }

    boolean isParquet() {
        return format == OutputFormat.PARQUET;
    }

    /** The files, in the order of their names; a table of a catalog counts as one file, whose name is empty. */
    List<String> files() {
        return files;
    }

    /** The path that the paths of all files begin with; empty for a table of a catalog. */
    String root() {
        return root == null ? "" : root + "/";
    }

    /** The name of a file for messages: its path below the table. */
    String shortName(String file) {
        return file.isEmpty() ? name : below(file);
    }

    private String below(String file) {
        String path = Storage.path(file, "--audit").toUri().getPath();
        return path.substring(root.toUri().getPath().length() + 1);
    }

    /** The partition directories of a file, separated by slashes. */
    String partition(String file) {
        String below = file.isEmpty() ? "" : below(file);
        return below.substring(0, Math.max(0, below.lastIndexOf('/')));
    }

    /**
     * The rows of some files, with the column {@link #FILE}.
     *
     * @param columns to read from files that do not state the types of their columns exactly
     */
    Dataset<Row> rows(List<String> some, HashedColumns columns) {
        if (root == null) {
            return spark.read().table(name).withColumn(FILE, functions.lit(""));
        }
        DataFrameReader reader = spark.read()
                .format(format.sparkName())
                .option("basePath", root.toString())
                .option(PATTERNS, "false");
        if (!isParquet()) {
            reader = reader.schema(columns.schema());
        }
        return reader.load(some.toArray(String[]::new)).withColumn(FILE, functions.input_file_name());
    }

    /**
     * A hash of each row, from 0, which selects the rows of a sample: the same rows in each audit.
     *
     * @param hashed columns of the rows' fingerprint
     */
    static Column sampleHash(Dataset<Row> rows, HashedColumns hashed) {
        Column[] columns = HashedColumns.exact(hashed.schema()).names().stream()
                .map(column -> rows.col(ColumnPath.quoted(column)))
                .toArray(Column[]::new);
        return functions.shiftrightunsigned(functions.xxhash64(columns), 1);
    }
}
