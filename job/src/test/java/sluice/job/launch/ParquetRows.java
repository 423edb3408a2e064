package sluice.job.launch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.GroupType;

/** A scored table that was written as Parquet, as its files hold it, down to the bits. */
final class ParquetRows {
    private ParquetRows() {}

    /**
     * Each row by its id, its numbers as bits.
     *
     * @throws AssertionError where two rows have one id
     */
    static Map<String, String> bits(Path output) throws IOException {
        Map<String, String> rows = new TreeMap<>();
        for (Path file : files(output)) {
            try (ParquetReader<Group> reader =
                    ParquetReader.builder(new GroupReadSupport(), hadoop(file)).build()) {
                for (Group row = reader.read(); row != null; row = reader.read()) {
                    String before = rows.put(row.getString("id", 0), text(row));
                    if (before != null) {
                        throw new AssertionError("%s: two rows have the id of %s".formatted(output, before));
                    }
                }
            }
        }
        return rows;
    }

    /** The version of the Spark that wrote it. */
    static String writer(Path output) throws IOException {
        Path file = files(output).get(0);
        try (ParquetFileReader reader =
                ParquetFileReader.open(HadoopInputFile.fromPath(hadoop(file), new Configuration()))) {
            return reader.getFileMetaData().getKeyValueMetaData().get("org.apache.spark.version");
        }
    }

    /** What Spark would read: all but names that begin with {@code _} or {@code .}, at any depth. */
    static List<Path> files(Path output) throws IOException {
        try (Stream<Path> all = Files.walk(output)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> StreamSupport.stream(output.relativize(file).spliterator(), false)
                            .map(Path::toString)
                            .noneMatch(name -> name.startsWith("_") || name.startsWith(".")))
                    .sorted()
                    .toList();
        }
    }

    private static org.apache.hadoop.fs.Path hadoop(Path file) {
        return new org.apache.hadoop.fs.Path(file.toUri());
    }

    private static String text(Group group) {
        GroupType type = group.getType();
        StringBuilder text = new StringBuilder("{");
        for (int field = 0; field < type.getFieldCount(); field++) {
            text.append(type.getFieldName(field));
            for (int at = 0; at < group.getFieldRepetitionCount(field); at++) {
                text.append(' ').append(value(group, field, at));
            }
            text.append(';');
        }
        return text.append('}').toString();
    }

    private static String value(Group group, int field, int at) {
        if (!group.getType().getType(field).isPrimitive()) {
            return text(group.getGroup(field, at));
        }
        return switch (group.getType().getType(field).asPrimitiveType().getPrimitiveTypeName()) {
            case FLOAT -> Integer.toHexString(Float.floatToRawIntBits(group.getFloat(field, at)));
            case DOUBLE -> Long.toHexString(Double.doubleToRawLongBits(group.getDouble(field, at)));
            default -> group.getValueToString(field, at);
        };
    }
}
