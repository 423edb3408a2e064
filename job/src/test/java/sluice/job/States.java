package sluice.job;

import static org.apache.spark.sql.functions.expr;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import sluice.cell.LstmState;

/** What stands in a table of carried states, as a reader who only knows the README finds it. */
final class States {
    private States() {}

    /** The numbers of the versions, the oldest first. */
    static List<Long> versions(Path table) {
        return Disk.names(table).stream()
                .map(StateVersion::number)
                .filter(number -> number > 0)
                .sorted()
                .toList();
    }

    /** The bits of h, then of c, by the value of the key, of the newest version: of each key the row of the latest part. */
    static Map<Object, List<Integer>> newest(Path table, String key) {
        List<Long> versions = versions(table);
        List<Long> parts = parts(table, versions.get(versions.size() - 1));
        Map<Object, List<Integer>> states = new TreeMap<>();
        if (parts.isEmpty()) {
            return states;
        }
        Dataset<Row> rows = LocalSpark.session()
                .read()
                .option("basePath", table.toString())
                .parquet(parts.stream()
                        .map(part -> table.resolve(StateVersion.name(part)).toString())
                        .toArray(String[]::new));
        if (rows.groupBy(key, "version").count().filter("count > 1").count() > 0) {
            throw new AssertionError("a key has several rows in one part");
        }
        for (Row row : rows.groupBy(key)
                .agg(expr("max_by(struct(h, c, seen), version)"))
                .collectAsList()) {
            List<Integer> bits = new ArrayList<>();
            addBits(row.getStruct(1).getAs("h"), bits);
            addBits(row.getStruct(1).getAs("c"), bits);
            states.put(row.get(0), bits);
        }
        return states;
    }

    /** The versions that one is read from, the oldest first, itself the last. */
    static List<Long> parts(Path table, long version) {
        try {
            List<Long> parts = new ArrayList<>();
            JsonNode manifest = new ObjectMapper().readTree(manifest(table, version));
            manifest.path("earlier-parts").forEach(part -> parts.add(part.asLong()));
            if (manifest.path("rows").asLong() > 0) {
                parts.add(version);
            }
            return parts;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void addBits(byte[] bytes, List<Integer> bits) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            bits.add(Float.floatToRawIntBits(buffer.getFloat()));
        }
    }

    /** The same of an engine's answer. */
    static List<Integer> bits(LstmState state) {
        List<Integer> bits = new ArrayList<>();
        for (float[][] part : List.of(state.hidden(), state.cell())) {
            for (float[] layer : part) {
                for (float value : layer) {
                    bits.add(Float.floatToRawIntBits(value));
                }
            }
        }
        return bits;
    }

    static String manifest(Path table, long version) {
        try {
            return Files.readString(table.resolve(StateVersion.name(version)).resolve(StateVersion.MANIFEST));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
