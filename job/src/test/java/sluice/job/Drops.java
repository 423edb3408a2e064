package sluice.job;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Files that come to a folder, night by night. */
final class Drops {
    private final Path folder;
    private final InputFormat format;
    private long rows;
    private int files;

    Drops(Path folder, InputFormat format) {
        this.folder = folder;
        this.format = format;
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path folder() {
        return folder;
    }

    /** How many rows have come. */
    long rows() {
        return rows;
    }

    /** One file of so many rows more, moved to its place when it is complete. */
    Path add(int count) {
        String tokens = format.isText()
                ? "concat_ws(' ', transform(sequence(0, id % 5), i -> (id * 7 + i * i) % 2))"
                : "transform(sequence(0, id % 5), i -> (id * 7 + i * i) % 2)";
        Dataset<Row> table =
                LocalSpark.session().range(rows, rows + count, 1, 1).toDF();
        Path file = add(
                format == InputFormat.TEXT
                        ? table.selectExpr(tokens + " AS value")
                        : table.selectExpr("id", "id % 3 AS day", tokens + " AS tokens"));
        rows += count;
        return file;
    }

    /** A file of these rows. */
    Path add(Dataset<Row> table) {
        Path draft = folder.resolveSibling("draft");
        table.coalesce(1)
                .write()
                .mode("overwrite")
                .format(format.sparkName())
                .option("header", "true")
                .save(draft.toString());
        try (Stream<Path> written = Files.list(draft)) {
            Path part = written.filter(path -> path.getFileName().toString().startsWith("part-"))
                    .findFirst()
                    .orElseThrow();
            return Files.move(part, folder.resolve("drop-%03d".formatted(files++)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A file of these lines. */
    Path add(String... lines) {
        return Disk.write(folder.resolve("drop-%03d".formatted(files++)), String.join("\n", lines) + "\n");
    }

    /** The rows of an output in an order of their own, without the batch that they have come with: numbers by their bits. */
    static List<String> rows(Path output) {
        return rows(LocalSpark.session().read().parquet(output.toString()).drop("batch"));
    }

    static List<String> rows(Dataset<Row> table) {
        List<String> rows = new ArrayList<>();
        for (Row row : table.collectAsList()) {
            rows.add(Answers.flat(row) + row.mkString("|"));
        }
        rows.sort(null);
        return rows;
    }
}
