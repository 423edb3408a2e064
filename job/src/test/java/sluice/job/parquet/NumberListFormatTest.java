package sluice.job.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Date;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.job.fixture.LocalSpark;

/** The files equal those of Spark's own Parquet writer byte for byte, so every reader of those reads these. */
class NumberListFormatTest {
    private static final int ROWS = 3_000;

    /** Lists of numbers, null or empty at every level, and other types. */
    private static final StructType SCHEMA = StructType.fromDDL(String.join(
            ", ",
            "id bigint not null",
            "ints array<int>",
            "name string",
            "longs array<bigint>",
            "floats array<float>",
            "doubles array<double>",
            "rows array<array<float>>",
            "deep array<array<array<int>>>",
            "part int",
            "top array<struct<token: int, label: string, probability: float>>",
            "loglik struct<sum: double, perplexity: double, tokens: int>",
            "state struct<h: array<array<float>>>",
            "words array<string>",
            "days array<date>",
            "small array<smallint>",
            "tags map<string, array<int>>",
            "price decimal(20, 4)",
            "at timestamp",
            "raw binary"));

    @TempDir
    private static Path folder;

    private static Dataset<Row> table;

    private final Random random = new Random(20_261);

    @BeforeAll
    static void makeTheTable() {
        table = LocalSpark.session().createDataFrame(new NumberListFormatTest().rows(), SCHEMA);
    }

    private List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (long id = 0; id < ROWS; id++) {
            rows.add(RowFactory.create(
                    id,
                    list(() -> random.nextInt(40)),
                    orNull(() -> "row " + random.nextInt(ROWS)),
                    list(random::nextLong),
                    list(this::number),
                    list(random::nextGaussian),
                    list(() -> list(this::number)),
                    list(() -> list(() -> list(() -> random.nextInt(9)))),
                    random.nextInt(3),
                    list(() -> RowFactory.create(random.nextInt(9), "label", random.nextFloat())),
                    orNull(() -> RowFactory.create(random.nextGaussian(), null, random.nextInt(40))),
                    orNull(() -> RowFactory.create(list(() -> list(random::nextFloat)))),
                    list(() -> "word " + random.nextInt(100)),
                    list(() -> Date.valueOf("2026-11-0" + random.nextInt(1, 10))),
                    list(() -> (short) random.nextInt(100)),
                    orNull(() -> Collections.singletonMap("tag " + random.nextInt(3), list(() -> random.nextInt(5)))),
                    orNull(() -> BigDecimal.valueOf(random.nextLong(), 4)),
                    orNull(() -> new Timestamp(random.nextInt())),
                    orNull(() -> new byte[] {(byte) random.nextInt(), 1})));
        }
        return rows;
    }

    private float number() {
        return switch (random.nextInt(20)) {
            case 0 -> Float.NaN;
            case 1 -> -0f;
            case 2 -> Float.NEGATIVE_INFINITY;
            default -> random.nextFloat();
        };
    }

    private <T> T orNull(Supplier<T> value) {
        return random.nextInt(10) == 0 ? null : value.get();
    }

    private <T> List<T> list(Supplier<T> element) {
        return orNull(() -> {
            List<T> list = new ArrayList<>();
            int length = random.nextInt(6);
            while (list.size() < length) {
                list.add(orNull(element));
            }
            return list;
        });
    }

    /** Options of the writer. */
    private static List<Map<String, String>> options() {
        return List.of(
                Map.of(),
                Map.of("compression", "zstd"),
                Map.of("compression", "none", "parquet.block.size", "200000", "parquet.page.size.row.check.min", "1"),
                Map.of("parquet.page.size", "2000", "parquet.page.row.count.limit", "100"),
                Map.of("parquet.enable.dictionary", "false", "parquet.page.write-checksum.enabled", "false"),
                Map.of("parquet.writer.version", "PARQUET_2_0"),
                Map.of("parquet.columnindex.truncate.length", "2", "parquet.statistics.truncate.length", "3"),
                Map.of("maxRecordsPerFile", "700"),
                // Written by Spark's writer.
                Map.of("parquet.bloom.filter.enabled", "true"),
                Map.of("parquet.enable.bytestreamsplit", "true"),
                Map.of("parquet.block.row.count.limit", "500"),
                Map.of("parquet.enable.dictionary#name", "false"));
    }

    @ParameterizedTest
    @MethodSource("options")
    void theBytesAreThoseOfSparksWriter(Map<String, String> options) throws Exception {
        assertSameFiles(table, options);
    }

    @Test
    void elementsThatCanNotBeNull() throws Exception {
        Dataset<Row> strict = table.where("ints is not null and rows is not null")
                .selectExpr(
                        "transform(ints, x -> coalesce(x, 0)) as ints",
                        "transform(rows, row -> transform(coalesce(row, array()), x -> coalesce(x, 0f))) as rows",
                        "array(1, 2, 3) as fixed");
        assertThat(strict.schema().treeString())
                .contains("fixed: array (nullable = false)")
                .contains("element: float (containsNull = false)");
        assertSameFiles(strict, Map.of("maxRecordsPerFile", "1000"));
    }

    @Test
    void partitionsAndTablesWithoutRows() throws Exception {
        assertSameFiles(table.select("ints", "part"), Map.of("partitionBy", "part"));
        assertSameFiles(table.where("id < 0"), Map.of());
        assertSameFiles(table.select("name", "price"), Map.of());
    }

    private static void assertSameFiles(Dataset<Row> rows, Map<String, String> options) throws Exception {
        Path expectedTable = write(rows, "parquet", options);
        Path foundTable = write(rows, NumberListFormat.class.getName(), options);
        List<Path> expected = files(expectedTable);
        List<Path> found = files(foundTable);
        assertThat(found).isNotEmpty().hasSameSizeAs(expected);
        for (int file = 0; file < found.size(); file++) {
            assertThat(foundTable.relativize(found.get(file)).getParent())
                    .isEqualTo(expectedTable.relativize(expected.get(file)).getParent());
            assertThat(found.get(file)).hasSameBinaryContentAs(expected.get(file));
        }
    }

    private static Path write(Dataset<Row> rows, String format, Map<String, String> options) throws Exception {
        Path path = Files.createTempDirectory(folder, "written").resolve("table");
        var writer = rows.coalesce(1).write().format(format).options(options);
        if (options.containsKey("partitionBy")) {
            writer = writer.partitionBy(options.get("partitionBy"));
        }
        writer.save(path.toString());
        return path;
    }

    /** The data files, sorted by their names without the random part. */
    private static List<Path> files(Path table) throws Exception {
        try (Stream<Path> all = Files.walk(table)) {
            return all.filter(file -> file.getFileName().toString().startsWith("part-"))
                    .sorted((a, b) -> Arrays.compare(key(table, a), key(table, b)))
                    .toList();
        }
    }

    private static String[] key(Path table, Path file) {
        String name = file.getFileName().toString();
        return new String[] {
            String.valueOf(table.relativize(file).getParent()),
            name.substring(0, "part-00000".length()),
            name.substring(name.indexOf('.') - "c000".length())
        };
    }
}
