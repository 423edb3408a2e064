package sluice.job.output;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.RefusedException;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;
import sluice.job.source.ColumnNames;
import sluice.job.storage.PartitionName;
import sluice.job.storage.Storage;

/** An existing table of files. Its columns are read from its first file, and its partition columns from the directory names. */
public record WrittenTable(TableShape shape, TableShape.Types types) {
    /** Files of one directory have columns of one spelling. */
    private static final ColumnNames EXACT_NAMES = new ColumnNames(true);

    /**
     * @return empty if the directory has no data file
     * @throws RefusedException if its first file has another format
     */
    public static Optional<WrittenTable> find(
            FileSystem files, Path directory, Settings.Output settings, SparkSession spark) throws IOException {
        List<String> partitionBy = new ArrayList<>();
        Optional<Path> file = firstFile(files, directory, partitionBy);
        if (file.isEmpty()) {
            return Optional.empty();
        }
        OutputFormat format = settings.format();
        StructType columns;
        try {
            columns = spark.read()
                    .format(format.sparkName())
                    .load(Storage.literal(file.get()))
                    .schema();
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            throw new RefusedException(
                    "%s: can't be added to: %s is not readable as %s; check --output and --output-format"
                            .formatted(settings.path(), file.get().getName(), SettingValues.name(format)),
                    e);
        }
        TableShape.Types types = switch (format) {
            case JSON -> TableShape.Types.INFERRED;
            case AVRO -> TableShape.Types.AVRO;
            default -> TableShape.Types.EXACT;
        };
        return Optional.of(new WrittenTable(new TableShape(columns, partitionBy), types));
    }

    private static Optional<Path> firstFile(FileSystem files, Path directory, List<String> partitionBy)
            throws IOException {
        FileStatus[] entries = files.exists(directory) ? files.listStatus(directory) : new FileStatus[0];
        Arrays.sort(entries);
        for (FileStatus entry : entries) {
            String name = entry.getPath().getName();
            if (Storage.isHidden(name)) {
                continue;
            }
            if (!entry.isDirectory()) {
                return Optional.of(entry.getPath());
            }
            List<String> below = new ArrayList<>();
            Optional<Path> found = firstFile(files, entry.getPath(), below);
            if (found.isPresent()) {
                PartitionName.parse(name).ifPresent(partition -> partitionBy.add(partition.column()));
                partitionBy.addAll(below);
                return found;
            }
        }
        return Optional.empty();
    }

    /** @throws RefusedException if rows of this shape can't be added */
    public void requireSame(TableShape mine, String path) {
        mine.difference(shape, types, EXACT_NAMES).ifPresent(difference -> {
            throw new RefusedException("%s: can't be added to: %s; choose another --output, or settings that fit"
                    .formatted(path, difference));
        });
    }
}
