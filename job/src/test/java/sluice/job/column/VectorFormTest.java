package sluice.job.column;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.OutputKind;
import sluice.cell.Steps;
import sluice.job.fixture.Answers;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.settings.SettingValues;
import sluice.job.settings.VectorForm;

/** Binary vectors have the same bits as lists, and the file's metadata states their type and shape. */
class VectorFormTest {
    @TempDir
    Path folder;

    static Stream<Arguments> casesAndSteps() {
        return Stream.of("uni_l2_h17", "bi_l2_h17", "proj_l1_h17_p5")
                .flatMap(name -> Arrays.stream(Steps.values()).map(at -> Arguments.of(name, at)));
    }

    private Run run(TorchCase torch, Steps at, VectorForm form) {
        List<int[]> tokens = new ArrayList<>(torch.tokens());
        tokens.add(new int[0]);
        return Run.of(torch, folder.resolve(SettingValues.name(form)))
                .withInput(Tables.ofIds(tokens), 1, folder.resolve("in"))
                .with("output.vectors", SettingValues.name(form))
                .with("output.at", SettingValues.name(at))
                .with("output.emit", names(at))
                .with("output.top-k", 2);
    }

    private static String names(Steps at) {
        return Arrays.stream(OutputKind.values())
                .filter(kind -> kind.availableAt(at))
                .map(SettingValues::name)
                .collect(Collectors.joining(","));
    }

    @ParameterizedTest
    @MethodSource("casesAndSteps")
    void binaryVectorsHaveTheBitsOfLists(String name, Steps at) {
        TorchCase torch = TorchCase.named(name);
        List<Row> lists = run(torch, at, VectorForm.ARRAY).rows();
        Dataset<Row> scored = run(torch, at, VectorForm.BINARY).table();
        List<Row> binary = scored.collectAsList();
        assertThat(binary).hasSameSizeAs(lists);
        for (int row = 0; row < binary.size(); row++) {
            for (String column : scored.columns()) {
                Object found = binary.get(row).getAs(column);
                Object expected = lists.get(row).getAs(column);
                String what = String.format(Locale.ROOT, "%s of row %d", column, row);
                if (column.equals("gates")) {
                    assertSameGates(what, (Row) found, (scala.collection.Seq<?>) expected);
                } else if (found instanceof byte[] bytes) {
                    assertThat(bits(bytes)).as(what).isEqualTo(Answers.flat(expected));
                } else {
                    assertThat(found).as(what).isEqualTo(expected);
                }
            }
        }
    }

    /** Binary: one struct of matrices for all steps. Lists: one struct for each step. */
    private static void assertSameGates(String what, Row found, scala.collection.Seq<?> steps) {
        for (String part : found.schema().fieldNames()) {
            List<Object> expected = new ArrayList<>();
            for (int step = 0; step < steps.length(); step++) {
                expected.addAll(Answers.flat(((Row) steps.apply(step)).getAs(part)));
            }
            byte[] bytes = found.getAs(part);
            assertThat(bits(bytes)).as("%s: %s", what, part).isEqualTo(expected);
        }
    }

    private static List<Object> bits(byte[] bytes) {
        FloatBuffer floats =
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        List<Object> bits = new ArrayList<>();
        while (floats.hasRemaining()) {
            bits.add(Float.floatToRawIntBits(floats.get()));
        }
        return bits;
    }

    @Test
    void metadataOfColumnsForEachStep() {
        Dataset<Row> scored = run(TorchCase.named("bi_l2_h17"), Steps.EACH, VectorForm.BINARY)
                .with("output.gates-layer", 0)
                .table();
        StructType schema = scored.schema();
        int classes =
                TorchCase.named("bi_l2_h17").model().output().orElseThrow().classes();
        assertDescribed(schema.apply("softmax"), String.format(Locale.ROOT, "(steps, %d)", classes));
        assertDescribed(schema.apply("hidden"), "(steps, 34)");
        assertDescribed(schema.apply("cell"), "(steps, 34)");
        assertDescribed(schema.apply("logprob"), "(steps - 1)");
        assertNotDescribed(schema.apply("gates"));
        StructType gates = (StructType) schema.apply("gates").dataType();
        assertThat(gates.fieldNames()).containsExactly("input", "forget", "candidate", "output", "cell");
        for (StructField part : gates.fields()) {
            assertDescribed(part, "(steps, 34)");
        }
        for (String other : List.of("id", "tokens", "prediction", "topk", "loglik", "rank")) {
            assertNotDescribed(schema.apply(other));
        }
    }

    @Test
    void metadataOfColumnsForTheLastStep() throws IOException {
        TorchCase torch = TorchCase.named("proj_l1_h17_p5");
        StructType schema = run(torch, Steps.LAST, VectorForm.BINARY).table().schema();
        assertDescribed(schema.apply("hidden"), "(5)");
        assertDescribed(schema.apply("cell"), "(17)");
        assertThat(schema.apply("state").dataType().catalogString())
                .as("the type that input.state reads")
                .isEqualTo("struct<h:array<array<float>>,c:array<array<float>>>");
        StructType inFooter = (StructType) DataType.fromJson(footer(folder.resolve("binary")));
        assertDescribed(inFooter.apply("cell"), "(17)");
    }

    private static void assertNotDescribed(StructField field) {
        assertThat(field.metadata().contains("sluice.type")).as(field.name()).isFalse();
    }

    private static void assertDescribed(StructField field, String shape) {
        assertThat(field.dataType().catalogString()).as(field.name()).isEqualTo("binary");
        assertThat(field.metadata().getString("sluice.type")).as(field.name()).isEqualTo("float32le");
        assertThat(field.metadata().getString("sluice.shape")).as(field.name()).isEqualTo(shape);
    }

    /** The schema that Spark has written to a file of the table. */
    private static String footer(Path table) throws IOException {
        try (Stream<Path> files = Files.list(table)) {
            Path file = files.filter(path -> path.toString().endsWith(".parquet"))
                    .min(Comparator.naturalOrder())
                    .orElseThrow();
            Configuration hadoop = new Configuration();
            try (ParquetFileReader reader = ParquetFileReader.open(
                    HadoopInputFile.fromPath(new org.apache.hadoop.fs.Path(file.toUri()), hadoop))) {
                return reader.getFooter()
                        .getFileMetaData()
                        .getKeyValueMetaData()
                        .get("org.apache.spark.sql.parquet.row.metadata");
            }
        }
    }

    @Test
    void aRowThatCannotBeScoredHasNulls() {
        TorchCase torch = TorchCase.named("vocab_2");
        List<Row> rows = Run.of(torch, folder.resolve("out"))
                .withInput(
                        Tables.ofIds(List.of(new int[] {0, 1}, new int[] {7}, new int[] {1})), 1, folder.resolve("in"))
                .with("output.vectors", "binary")
                .with("output.at", "each")
                .with("output.emit", "softmax,gates")
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", 1)
                .rows();
        assertThat(rows).extracting(row -> row.isNullAt(2)).containsExactly(false, true, false);
        assertThat(rows).extracting(row -> row.isNullAt(3)).containsExactly(false, true, false);
        assertThat((byte[]) rows.get(0).getAs("softmax")).hasSize(2 * 2 * Float.BYTES);
    }

    /** Of the file formats, Spark stores a schema's metadata in Parquet only. */
    @Test
    void orcFilesHaveTheBytesWithoutMetadata() {
        TorchCase torch = TorchCase.named("vocab_2");
        Dataset<Row> scored = run(torch, Steps.EACH, VectorForm.BINARY)
                .with("output.format", "orc")
                .table();
        List<Row> lists = run(torch, Steps.EACH, VectorForm.ARRAY).rows();
        byte[] softmax = scored.first().getAs("softmax");
        assertThat(bits(softmax)).isEqualTo(Answers.flat(lists.get(0).getAs("softmax")));
        assertThat(scored.schema().apply("softmax").metadata()).isEqualTo(Metadata.empty());
    }

    @Test
    void inJsonTheyAreBase64() throws IOException {
        TorchCase torch = TorchCase.named("vocab_2");
        Run run = run(torch, Steps.EACH, VectorForm.BINARY).with("output.format", "json");
        run.score();
        List<Row> lists = run(torch, Steps.EACH, VectorForm.ARRAY).rows();
        try (Stream<Path> files = Files.list(folder.resolve("binary"))) {
            Path file = files.filter(path -> path.toString().endsWith(".json"))
                    .findFirst()
                    .orElseThrow();
            JsonNode first =
                    new ObjectMapper().readTree(Files.readAllLines(file).get(0));
            assertThat(bits(first.path("softmax").binaryValue()))
                    .isEqualTo(Answers.flat(lists.get(0).getAs("softmax")));
        }
    }
}
