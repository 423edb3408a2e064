package sluice.job.output;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import sluice.job.message.RefusedException;
import sluice.job.storage.PartitionName;
import sluice.job.storage.Storage;

/**
 * Finds partitions of an existing table that new partitions replace although their directories have other names. The directories
 * {@code shop=007} and {@code shop=7} hold the same value if the column is a number, and a reader would see both.
 */
final class SupersededPartitions {
    /** Exact for whole numbers of up to 28 digits. */
    private static final DataType NUMBER = DataTypes.createDecimalType(38, 10);

    private final FileSystem files;
    private final List<DataType> types; // of the partition columns
    private final String zone;

    /** @param zone the session's time zone, for timestamps */
    SupersededPartitions(FileSystem files, TableShape shape, String zone) {
        this.files = files;
        this.types = shape.partitionBy().stream()
                .map(name -> shape.columns().apply(name).dataType())
                .toList();
        this.zone = zone;
    }

    /**
     * A partition.
     *
     * @param names of its directories, the outermost first
     * @param path relative to the table
     */
    private record Partition(List<PartitionName> names, String path) {}

    /**
     * The paths of the partitions in the target that must go because the staged ones hold their values under other names.
     *
     * @param given the output as the user wrote it
     * @throws RefusedException if texts that differ would be read as the same number
     */
    List<String> in(Path target, Path staged, String given) throws IOException {
        List<Partition> created = partitions(staged, new Partition(List.of(), ""));
        Set<String> replaced = created.stream().map(Partition::path).collect(Collectors.toSet());
        List<Partition> existing = partitions(target, new Partition(List.of(), ""));
        existing.removeIf(partition -> replaced.contains(partition.path()));
        boolean[] areNumbers =
                areNumbers(Stream.concat(created.stream(), existing.stream()).toList());
        Map<List<Object>, Partition> byValues = new HashMap<>();
        created.forEach(partition -> byValues.put(values(partition, areNumbers), partition));
        List<String> superseded = new ArrayList<>();
        for (Partition old : existing) {
            Partition replacement = byValues.get(values(old, areNumbers));
            if (replacement != null) {
                requireSameTexts(replacement, old, given);
                superseded.add(old.path());
            }
        }
        return superseded;
    }

    private List<Partition> partitions(Path directory, Partition above) throws IOException {
        List<Partition> found = new ArrayList<>();
        if (above.names().size() == types.size()) {
            found.add(above);
            return found;
        }
        for (FileStatus entry : Storage.entries(files, directory)) {
            String directoryName = entry.getPath().getName();
            Optional<PartitionName> name = PartitionName.parse(directoryName);
            if (entry.isDirectory() && name.isPresent()) {
                List<PartitionName> names = new ArrayList<>(above.names());
                names.add(name.get());
                String path = above.path().isEmpty() ? directoryName : above.path() + "/" + directoryName;
                found.addAll(partitions(entry.getPath(), new Partition(names, path)));
            }
        }
        return found;
    }

    /** For each column of texts, whether all of them are numbers: then Spark reads them as numbers. */
    private boolean[] areNumbers(List<Partition> partitions) {
        boolean[] areNumbers = new boolean[types.size()];
        for (int at = 0; at < areNumbers.length; at++) {
            int column = at;
            areNumbers[at] = isText(at)
                    && partitions.stream()
                            .map(partition -> partition.names().get(column))
                            .allMatch(name -> name.isNull() || name.valueAs(NUMBER, zone) != null);
        }
        return areNumbers;
    }

    /** What a reader takes the names for. A name that is no value of its column's type stands for itself. */
    private List<Object> values(Partition partition, boolean[] areNumbers) {
        List<Object> values = new ArrayList<>();
        for (int at = 0; at < types.size(); at++) {
            PartitionName name = partition.names().get(at);
            Object value = name.valueAs(areNumbers[at] ? NUMBER : types.get(at), zone);
            values.add(value == null ? name.value() : value);
        }
        return values;
    }

    private boolean isText(int column) {
        return types.get(column).equals(DataTypes.StringType);
    }

    private void requireSameTexts(Partition created, Partition old, String given) {
        for (int at = 0; at < types.size(); at++) {
            if (isText(at)
                    && !created.names()
                            .get(at)
                            .value()
                            .equals(old.names().get(at).value())) {
                throw new RefusedException(
                        "%s: has the partition %s, and this run has rows for %s: both are the same number to a reader, who would see the rows of both; move the first one away, or choose another --output"
                                .formatted(given, old.path(), created.path()));
            }
        }
    }
}
