package sluice.job.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Terminal;
import sluice.job.sql.SluiceCatalog;

/** What the documents show as printed is what is printed: each block and table with the comment {@code printed by} is run. */
class PrintedBlocksTest {
    private static final String PRINTED_BY = "printed by: ";
    private static final String SQL_ABOVE = "the SQL above";
    private static final String THEN = " && ";
    private static final String CATALOG = "spark.sql.catalog.sluice";

    @TempDir
    static Path directory;

    private static Workbench workbench;
    private static Locale locale;

    @BeforeAll
    static void lay() throws IOException {
        workbench = new Workbench(directory);
        locale = Locale.getDefault();
        Locale.setDefault(Locale.ENGLISH); // as Main does
    }

    @AfterAll
    static void restore() {
        Locale.setDefault(locale);
    }

    @TestFactory
    Stream<DynamicTest> blocks() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Document document : Document.all()) {
            for (Document.Block block : document.blocks()) {
                block.comment()
                        .filter(comment -> comment.startsWith(PRINTED_BY))
                        .filter(comment -> !comment.endsWith(DocumentedOutput.REBER_GATES)) // ReberGatesIT compares it
                        .ifPresent(comment -> tests.add(DynamicTest.dynamicTest(
                                document.at(block.line()),
                                () -> check(block, comment.substring(PRINTED_BY.length())))));
            }
        }
        return tests.stream();
    }

    private static void check(Document.Block block, String printer) throws Exception {
        List<String> output;
        if (printer.endsWith(SQL_ABOVE)) {
            if (printer.endsWith(THEN + SQL_ABOVE)) {
                String command = printer.substring(0, printer.length() - (THEN + SQL_ABOVE).length());
                Terminal done = workbench.run(command);
                assertThat(done.code()).as("%s%n%s", command, done).isZero();
            }
            output = show(block.sql().orElseThrow());
        } else {
            output = lines(workbench.run(printer));
        }
        DocumentedOutput.requirePrinted(block.lines(), output, printer);
    }

    private static List<String> lines(Terminal terminal) {
        return Stream.concat(terminal.output().stream(), terminal.errors().stream())
                .toList();
    }

    @TestFactory
    Stream<DynamicTest> rowsOfTables() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Document document : Document.all()) {
            for (Document.Table table : document.tables()) {
                table.comment()
                        .filter(comment -> comment.startsWith(PRINTED_BY))
                        .ifPresent(comment -> table.rows()
                                .forEach(row -> tests.add(DynamicTest.dynamicTest(
                                        "%s: %s"
                                                .formatted(
                                                        document.at(table.line()),
                                                        row.get(0).text()),
                                        () -> checkRow(table, row, comment.substring(PRINTED_BY.length()))))));
            }
        }
        return tests.stream();
    }

    private static void checkRow(Document.Table table, List<Document.Cell> row, String pattern) throws Exception {
        String printer = pattern.replace("{}", row.get(0).codes().get(0));
        String expected = row.get(1).codes().get(0);
        if (!printer.startsWith("submit/")) {
            Throwable failure = catchThrowable(() -> session().sql(printer).collectAsList());
            assertThat(failure).as(printer).isNotNull();
            DocumentedOutput.requirePrinted(List.of("..." + expected + "..."), messages(failure), printer);
            return;
        }
        Terminal terminal = workbench.run(printer);
        DocumentedOutput.requirePrinted(List.of("sluice: ..." + expected), lines(terminal), printer);
        for (int column = 0; column < row.size(); column++) {
            if (table.header().get(column).text().equals("exit code")) {
                assertThat(terminal.code())
                        .as(printer)
                        .isEqualTo(Integer.parseInt(row.get(column).text()));
            }
        }
    }

    private static List<String> messages(Throwable failure) {
        List<String> lines = new ArrayList<>();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String.valueOf(cause.getMessage()).lines().forEach(lines::add);
        }
        return lines;
    }

    private static SparkSession session() {
        SparkSession session = LocalSpark.session().newSession();
        session.sql("CREATE DATABASE IF NOT EXISTS docs LOCATION '%s'".formatted(workbench.resolve("warehouse")));
        session.sql("USE docs");
        session.conf().set(CATALOG, SluiceCatalog.class.getName());
        session.conf()
                .set(
                        CATALOG + ".model.reber",
                        workbench.resolve("submit/example/reber.safetensors").toString());
        session.conf().set(CATALOG + ".model.reber.input.splitter", "character");
        session.read()
                .json(workbench.resolve("submit/example/strings.jsonl").toString())
                .createOrReplaceTempView("strings");
        return session;
    }

    private static List<String> show(String sql) {
        Dataset<Row> rows = session().sql(sql.replace("parquet.`", "parquet.`%s/".formatted(workbench.resolve(""))));
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        scala.Console.withOut(printed, () -> {
            rows.show();
            return null;
        });
        return printed.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void whatIsNotPrintedIsFound() throws Exception {
        List<String> output = lines(workbench.run("submit/score --describe submit/example/reber.safetensors"));
        assertThat(new Printed(List.of("format      safetensors")).isIn(output)).isTrue();
        assertThat(new Printed(List.of("format      onnx")).isIn(output)).isFalse();
    }
}
