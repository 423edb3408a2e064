package sluice.job.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileUtil;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.Tampering;
import sluice.job.fixture.Terminal;
import sluice.job.fixture.TorchCase;
import sluice.job.message.Console;
import sluice.job.message.ExitCode;
import sluice.job.message.RefusedException;
import sluice.job.report.RunReport;

/** Scored tables, changed as faults would change them, and what {@code --audit} says about them. */
class AuditJobTest {
    private static final TorchCase TORCH = TorchCase.named("uni_l2_h17");
    private static final int ROWS = 20;
    private static final String LAST = "softmax,logits,sigmoid,prediction,topk,loglik,hidden,cell,state";
    private static final String EACH = "softmax,logits,sigmoid,prediction,topk,loglik,logprob,rank,hidden,cell,gates";

    @TempDir
    Path folder;

    private Path output;

    @BeforeEach
    void setUp() {
        output = folder.resolve("out");
    }

    /** Rows with the ids from {@code first}; the first sequence has one token. */
    private static Dataset<Row> input(int first) {
        Random random = new Random(first);
        List<int[]> sequences = new ArrayList<>(List.of(new int[] {3}));
        while (sequences.size() < ROWS) {
            sequences.add(random.ints(2 + random.nextInt(9), 0, TORCH.model().tokens())
                    .toArray());
        }
        return Tables.ofIds(sequences).withColumn("id", functions.col("id").plus(first));
    }

    private Run run() {
        return run(0);
    }

    private Run run(int first) {
        return Run.of(TORCH, output).withInput(input(first), 2, folder.resolve("in"));
    }

    /** The exit code of an audit, and what it printed. */
    private record Audit(ExitCode code, String said) {
        void finds(String... sentences) {
            assertThat(said).contains(sentences);
            assertThat(code).as(said).isEqualTo(ExitCode.DIFFERENT);
        }

        void findsNothing(String... sentences) {
            assertThat(code).as(said).isEqualTo(ExitCode.SCORED);
            assertThat(said).contains(sentences);
        }
    }

    private Audit audit(double fraction, String... settings) {
        return audit(output.toString(), fraction, settings);
    }

    private static Audit audit(String table, double fraction, String... settings) {
        StringWriter said = new StringWriter();
        PrintWriter writer = new PrintWriter(said, true);
        Map<String, String> overrides = new HashMap<>(Map.of("model.path", TORCH.modelPath()));
        for (int at = 0; at < settings.length; at += 2) {
            overrides.put(settings[at], settings[at + 1]);
        }
        try {
            ExitCode code =
                    new AuditJob(LocalSpark.session(), new Console(writer, writer), table, fraction, overrides).run();
            return new Audit(code, said.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String allRows(long count) {
        return "%s of %s rows have the same bits".formatted(count, count);
    }

    private StructType schema(String format) {
        return LocalSpark.session()
                .read()
                .format(format)
                .load(output.toString())
                .schema();
    }

    private void rewrite(int file, boolean keepsFooter, UnaryOperator<Dataset<Row>> change) {
        Tampering.rewrite(Tampering.files(output).get(file), "parquet", schema("parquet"), keepsFooter, change);
    }

    private int idIn(int file) {
        return LocalSpark.session()
                .read()
                .parquet(Tampering.files(output).get(file).toString())
                .select("id")
                .first()
                .getInt(0);
    }

    // Untouched tables

    static Stream<Arguments> forms() {
        List<Arguments> forms = new ArrayList<>();
        for (String format : List.of("parquet", "orc", "json", "avro")) {
            for (String vectors : List.of("array", "binary")) {
                forms.add(Arguments.of(format, vectors, "last", LAST));
                forms.add(Arguments.of(format, vectors, "each", EACH));
            }
        }
        return forms.stream();
    }

    @ParameterizedTest
    @MethodSource("forms")
    void aTableHasTheBitsThatItsRunWrote(String format, String vectors, String at, String emit) {
        Run run = run().with("output.format", format)
                .with("output.vectors", vectors)
                .with("output.at", at)
                .with("output.emit", emit)
                .with("input.min-length", 2)
                .with("bad-rows.rule", "null")
                .with("bad-rows.max-fraction", 1)
                .with("output.prefix", "p_")
                .with("output.provenance", true);
        RunReport report = run.score();
        assertThat(report.fingerprint().sum().rows()).isEqualTo(ROWS);
        audit(1).findsNothing(
                        "%s rows with the fingerprint %s, as the run wrote them"
                                .formatted(ROWS, report.fingerprint().sum()),
                        allRows(ROWS));
    }

    @Test
    void aSampleHasAtLeastOneRowAndIsTheSameEachTime() {
        run().score();
        Audit least = audit(0);
        least.findsNothing("1 of 1 row has the same bits");
        Audit half = audit(0.5);
        half.findsNothing(" of ");
        assertThat(half.said())
                .doesNotContain(allRows(ROWS))
                .isEqualTo(audit(0.5).said());
    }

    /** The sum of all rows does not depend on tasks and files. */
    @Test
    void theFingerprintIsTheSameForAnyPartitioning() {
        List<String> sums = new ArrayList<>();
        for (int files : List.of(1, 2, 7)) {
            RunReport report = Run.of(TORCH, output)
                    .withInput(input(0), files, folder.resolve("in"))
                    .with("output.mode", "overwrite")
                    .with("output.file-rows", 3 * (files - 1))
                    .score();
            sums.add(report.fingerprint().sum().toString());
            audit(0).findsNothing(sums.get(0));
        }
        assertThat(sums).containsOnly(sums.get(0));
    }

    // Flipped bits

    @Tag("slow")
    @ParameterizedTest
    @CsvSource({"array, last", "array, each", "binary, last", "binary, each"})
    void oneFlippedBitIsFound(String vectors, String at) throws IOException {
        String emit = at.equals("last") ? LAST : EACH;
        run().with("output.vectors", vectors)
                .with("output.at", at)
                .with("output.emit", emit)
                .score();
        int id = Math.max(1, idIn(1));
        Path file = Tampering.files(output).get(1);
        byte[] written = Files.readAllBytes(file);
        for (String column : emit.split(",")) {
            boolean keepsFooter = column.length() % 2 == 0;
            rewrite(1, keepsFooter, table -> Tampering.flip(table, column, id));
            Audit audit = audit(0);
            audit.finds(
                    "row id=" + id + " in " + file.getFileName() + ": " + column,
                    ", expected ",
                    "9 of 10 rows have the same bits",
                    keepsFooter
                            ? ", and its footer has "
                            : "no run of this output wrote it, or another program rewrote it");
            Files.write(file, written);
        }
        audit(1).findsNothing(allRows(ROWS));
    }

    @ParameterizedTest
    @ValueSource(strings = {"orc", "json"})
    void withoutFootersTheReportFindsAFlippedBit(String format) {
        run().with("output.format", format).with("output.emit", LAST).score();
        StructType schema = LocalSpark.session()
                .read()
                .parquet(scoredAsParquet().toString())
                .schema();
        Tampering.rewrite(
                Tampering.files(output).get(0),
                format,
                schema,
                false,
                table -> Tampering.flip(table, "loglik", idOf(table)));
        audit(0).finds(
                        "the fingerprint of its 20 rows is ",
                        ", and the report has ",
                        ": loglik.tokens is ",
                        "19 of 20 rows have the same bits");
    }

    private static int idOf(Dataset<Row> table) {
        return table.selectExpr("max(id)").first().getInt(0);
    }

    /** The same table in Parquet, which states the types of its columns. */
    private Path scoredAsParquet() {
        Path same = folder.resolve("same");
        Run.of(TORCH, same)
                .withInput(input(0), 1, folder.resolve("in"))
                .with("output.emit", LAST)
                .score();
        return same;
    }

    /** A column that the run did not write is not an answer, but a part of the row. */
    @Test
    void aFlippedBitInAColumnOfTheInputIsFound() {
        run().score();
        rewrite(0, true, table -> table.withColumn("id", functions.expr("if(id = 1, 1001, id)")));
        audit(0).finds("and its footer has ", "no answer differs in the 10 rows of these files");
    }

    // Rows that are missing, doubled or foreign

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aMissingRowIsFound(boolean keepsFooter) {
        run().score();
        int id = idIn(0);
        rewrite(0, keepsFooter, table -> table.where("id <> " + id));
        audit(0).finds(
                        keepsFooter
                                ? ": it has 9 rows, and its footer has 10"
                                : ": it has 19 rows, and its report has 20",
                        "no answer differs in the 9 rows of these files: rows are missing, doubled or of another origin");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aDoubledRowIsFound(boolean keepsFooter) {
        run().score();
        int id = idIn(0);
        rewrite(0, keepsFooter, table -> table.union(table.where("id = " + id)));
        audit(0).finds(
                        keepsFooter
                                ? ": it has 11 rows, and its footer has 10"
                                : ": it has 21 rows, and its report has 20");
    }

    /** As many rows as before. */
    @Test
    void anExchangedRowIsFound() {
        run().score();
        List<Integer> ids = List.of(idIn(0), idIn(1));
        rewrite(
                0,
                true,
                table -> table.where("id <> " + ids.get(0))
                        .union(LocalSpark.session()
                                .read()
                                .schema(table.schema())
                                .parquet(output.toString())
                                .where("id = " + ids.get(1))));
        audit(0).finds("the fingerprint of its 10 rows is ", ", and its footer has ");
    }

    @Test
    void aMissingFileIsFound() throws IOException {
        run().score();
        Files.delete(Tampering.files(output).get(0));
        audit(0).finds(": it has 10 rows, and its report has 20", "1 of 1 row has the same bits");
    }

    @Test
    void aFileWhoseRowsAreAllGoneIsFound() {
        run().score();
        rewrite(0, true, table -> table.where("false"));
        audit(0).finds(": it has 0 rows, and its footer has 10");
    }

    @Test
    void aDoubledFileIsFound() throws IOException {
        run().score();
        Path file = Tampering.files(output).get(0);
        Files.copy(file, file.resolveSibling("part-copy.parquet"));
        audit(0).finds(": it has 30 rows, and its report has 20");
    }

    @Test
    void aForeignFileIsFound() throws IOException {
        run().score();
        Path foreign = Tampering.files(scoredAsParquet()).get(0);
        Files.copy(foreign, output.resolve("part-foreign.parquet"));
        audit(0).finds("part-foreign.parquet: no run of this output wrote it");
    }

    // Models and settings

    @Test
    void anotherModelIsFound() {
        run().score();
        TorchCase other = TorchCase.named("uni_l1_h17");
        Audit audit = audit(0, "model.path", other.modelPath());
        audit.finds(
                "used another model than %s: its SHA-256 is %s, and this one has %s"
                        .formatted(
                                other.modelPath(),
                                TORCH.model().fingerprint(),
                                other.model().fingerprint()),
                "is another model than the one that scored this table; pass that one with --model");
    }

    @Test
    void withoutTheSequencesTheFingerprintIsChecked() {
        run().with("input.columns", "id").score();
        audit(0).findsNothing(
                        "20 rows with the fingerprint ",
                        "the table has no column 'tokens' with the sequences, so its rows can't be scored again: list that column in input.columns");
        rewrite(0, true, table -> Tampering.flip(table, "softmax", idOf(table)));
        audit(0).finds(", and its footer has ");
    }

    @Test
    void settingsThatChangeAnswersComeFromTheReport() {
        assertThatThrownBy(() -> audit(0, "output.top-k", "3"))
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "output.top-k: --audit takes it from the report of the run, so that the answers are comparable; leave it out");
        assertThatThrownBy(() -> audit(2))
                .isInstanceOf(RefusedException.class)
                .hasMessage("--fraction = 2.0: expected a number between 0 and 1");
        assertThatThrownBy(() -> audit(0))
                .isInstanceOf(RefusedException.class)
                .hasMessage(
                        "%s: is no directory with a scored table; check --audit, or pass the report of a catalog table with --report"
                                .formatted(output));
    }

    /** Every setting that the report states, in a run of words in JSON. */
    @Test
    void wordsAreScoredAgainWithTheSettingsOfTheRun() throws IOException {
        Path words = folder.resolve("words.txt");
        List<String> all = new ArrayList<>();
        for (int word = 0; word < TORCH.model().tokens(); word++) {
            all.add("w" + word);
        }
        Files.write(words, all);
        Dataset<Row> text = input(0).withColumn(
                        "event",
                        functions.expr("struct(array_join(transform(tokens, t -> concat('w', t)), '--') as text)"))
                .drop("tokens");
        text.write().json(folder.resolve("texts").toString());
        Run.of(TORCH, output)
                .with("input.path", folder.resolve("texts"))
                .with("input.format", "json")
                .with("input.tokens", "event.text")
                .with("input.vocabulary", words)
                .with("input.splitter", "regex")
                .with("input.splitter-pattern", "--")
                .with("input.unknown-word", "w1")
                .with("input.begin-token", "w2")
                .with("input.end-token", "w0")
                .with("input.max-length", 7)
                .with("input.too-long", "keep-last")
                .with("input.filter", "id < 15")
                .with("input.key", "id")
                .with("output.emit", "topk,rank")
                .with("output.at", "each")
                .with("output.top-k", 3)
                .score();
        audit(1).findsNothing(allRows(15));
    }

    @Test
    void initialStatesAreInTheTable() {
        Run.of(TORCH, folder.resolve("states"))
                .withInput(input(0), 1, folder.resolve("in"))
                .with("output.emit", "state")
                .score();
        Run.of(TORCH, output)
                .with("input.path", folder.resolve("states"))
                .with("input.state", "state")
                .score();
        audit(1).findsNothing(allRows(ROWS));
    }

    @Test
    void carriedStatesAreNotInTheTable() {
        run().with("state.path", folder.resolve("carried"))
                .with("state.key", "id")
                .score();
        audit(1).findsNothing(
                        "20 rows with the fingerprint ",
                        "the rows started from carried states (state.path), which the table does not hold: they can't be scored again");
    }

    @Test
    void reportsOfEarlierVersionsAndDamagedOnesAreRefused() throws IOException {
        run().score();
        Path report = output.resolve(RunReport.FILE);
        String whole = Files.readString(report);
        Files.delete(report.resolveSibling(".report.json.crc"));
        assertThat(FileUtil.fullyDelete(output.resolve("_sluice/publications").toFile()))
                .isTrue(); // an earlier version wrote none
        Files.writeString(report, whole.replace("\"fingerprint\"", "\"other\""));
        assertThatThrownBy(() -> audit(0))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining(
                        "report.json: states no fingerprint, because an earlier version of Sluice wrote it");
        Files.writeString(report, whole.replaceFirst("\"fingerprint\" : \"..", "\"fingerprint\" : \""));
        assertThatThrownBy(() -> audit(0))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("report.json: can't be read as the report of a run: ");
        Files.writeString(report, whole);
        audit(0).findsNothing("1 of 1 row has the same bits");
    }

    // Output modes

    @Test
    void rowsOfAppendedRunsAreChecked() {
        run(0).with("report.run", "monday").score();
        run(100).with("report.run", "tuesday")
                .with("output.mode", "append")
                .with("output.emit", "softmax")
                .score();
        audit(1).findsNothing("40 rows with the fingerprint ", "as 2 runs wrote them", allRows(40));
        rewrite(3, false, table -> Tampering.flip(table, "softmax", idOf(table)));
        audit(0).finds(
                        "': it has 10 rows, and its report has 20",
                        "no run of this output wrote it, or another program rewrote it",
                        "in " + Tampering.files(output).get(3).getFileName() + ": softmax[",
                        ", expected ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"parquet", "orc", "json", "avro"})
    void appendedRunsAddUp(String format) throws IOException {
        run(0).with("output.format", format).score();
        run(100).with("output.format", format).with("output.mode", "append").score();
        audit(1).findsNothing("40 rows with the fingerprint ", allRows(40));
        Files.delete(Tampering.files(output).get(0));
        audit(0).finds(
                        format.equals("parquet")
                                ? ": it has 10 rows, and its report has 20"
                                : ": it has 30 rows, and the reports together have 40");
    }

    @ParameterizedTest
    @ValueSource(strings = {"parquet", "orc", "json", "avro"})
    void partitionsAreChecked(String format) throws IOException {
        run().withInput(
                        input(0).withColumn("shop", functions.expr("concat('00', id % 3, '/%')")),
                        2,
                        folder.resolve("in"))
                .with("output.format", format)
                .with("output.partition-by", "shop")
                .score();
        audit(1).findsNothing("20 rows with the fingerprint ", allRows(ROWS));
        Path file = Tampering.files(output).get(0);
        Path other = Tampering.files(output).get(2).resolveSibling(file.getFileName() + "." + format);
        assertThat(other.getParent()).isNotEqualTo(file.getParent());
        Files.move(file, other);
        audit(0).finds(format.equals("parquet") ? "', and was written into 'shop=000%2F%25'" : ", and the report has ");
    }

    @Test
    void replacedPartitionsAreChecked() {
        run(0).withInput(input(0).withColumn("day", functions.expr("id % 2")), 1, folder.resolve("in"))
                .with("output.partition-by", "day")
                .score();
        run(100).withInput(input(100).withColumn("day", functions.lit(1)), 1, folder.resolve("in"))
                .with("output.partition-by", "day")
                .with("output.mode", "partitions")
                .score();
        audit(1).findsNothing("wrote 20 rows, and later runs replaced the partitions of 10 of them", allRows(30));
        rewrite(1, true, table -> Tampering.flip(table.drop("day"), "softmax", 100));
        audit(0).finds(", and its footer has ", ": softmax[");
    }

    @Test
    void anOverwrittenTableIsThatOfItsRun() {
        run(0).score();
        run(100).with("output.mode", "overwrite").score();
        audit(1).findsNothing("20 rows with the fingerprint ", "as the run wrote them", allRows(ROWS));
    }

    @Test
    void batchesOfAnIncrementalRunAreChecked() throws IOException {
        Path drops = folder.resolve("in");
        for (int batch = 0; batch < 3; batch++) {
            input(100 * batch).coalesce(1).write().mode("append").parquet(drops.toString());
            Run.of(TORCH, output)
                    .with("input.path", drops)
                    .with("input.checkpoint", folder.resolve("checkpoint"))
                    .scoreNew();
        }
        audit(1).findsNothing("60 rows with the fingerprint ", "as 3 runs wrote them", allRows(60));
        Files.delete(Tampering.files(output).get(1));
        audit(0).finds("run '1': it has 0 rows, and its report has 20");
    }

    @Test
    void runsWhoseReportsAreDeletedAreCheckedByTheirFooters() {
        for (int run = 0; run < 3; run++) {
            run(100 * run)
                    .with("report.run", "run " + run)
                    .with("output.mode", "append")
                    .with("report.keep-runs", 2)
                    .score();
        }
        audit(1).findsNothing("the reports of the runs that wrote 2 files are deleted (report.keep-runs)", allRows(40));
    }

    // Tables without files

    @Test
    void aCatalogTableIsCheckedWithTheCopyOfItsReport() {
        Path report = folder.resolve("report.json");
        LocalSpark.session().sql("DROP TABLE IF EXISTS audited");
        run().with("output.path", "audited")
                .with("output.format", "table")
                .with("output.emit", LAST)
                .with("report.path", report)
                .score();
        audit("audited", 1, "report.path", report.toString())
                .findsNothing("20 rows with the fingerprint ", allRows(ROWS));
        LocalSpark.session().sql("INSERT INTO audited SELECT * FROM audited WHERE id = 3");
        audit("audited", 0, "report.path", report.toString()).finds("it has 21 rows, and the report has 20");
        LocalSpark.session().sql("DROP TABLE audited");
    }

    /** Task results go through the serializer that the user may set, and Kryo can't read records. */
    @Test
    void aSessionWithKryoAuditsToo() {
        LocalSpark.restart(Map.of("spark.serializer", "org.apache.spark.serializer.KryoSerializer"));
        try {
            run().score();
            audit(1).findsNothing("20 rows with the fingerprint ", allRows(ROWS));
            rewrite(0, true, table -> Tampering.flip(table, "softmax", idOf(table)));
            audit(0).finds(": softmax[");
        } finally {
            LocalSpark.session().stop();
        }
    }

    // The command line

    @Test
    void theCommandExitsWithThree() throws IOException {
        run().score();
        Terminal same = Terminal.score("--audit", output.toString(), "--model", TORCH.modelPath(), "--fraction", "1");
        assertThat(same.code()).as(same.toString()).isZero();
        assertThat(same.output()).anyMatch(line -> line.endsWith("20 of 20 rows have the same bits"));
        rewrite(0, true, table -> Tampering.flip(table, "softmax", idOf(table)));
        Terminal other = Terminal.score("--audit", output.toString(), "--model", TORCH.modelPath());
        assertThat(other.code()).isEqualTo(3);
        assertThat(other.errors()).anyMatch(line -> line.contains(": softmax["));
        assertThat(Terminal.score("--fraction", "0.5", "--model", "m").errors())
                .containsExactly("sluice: error: --fraction: is an option of --audit; pass --audit, or leave it out");
        assertThat(Terminal.score("--audit", output.toString()).errors())
                .containsExactly("sluice: error: no model: pass --model with the model that scored " + output);
    }
}
