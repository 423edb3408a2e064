package sluice.job.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/** The process that writes the tables and compares the outputs of two contenders. */
public final class TableProcess {
    private static final int CORES = 2;

    private final SparkSession spark = LocalSession.start(CORES);
    private final Path root;
    private final Optional<Cases> cases;
    private final double scale;
    private final int files;

    private TableProcess(Path root, Optional<Cases> cases, double scale, int files) {
        this.root = root;
        this.cases = cases;
        this.scale = scale;
        this.files = files;
    }

    /** Arguments: directory of the workloads, scale, number of files, directory of real tables or an empty string. */
    public static void main(String[] arguments) {
        TableProcess tableProcess = new TableProcess(
                Path.of(arguments[0]),
                Optional.of(arguments[3]).filter(data -> !data.isEmpty()).map(data -> new Cases(Path.of(data))),
                Double.parseDouble(arguments[1]),
                Integer.parseInt(arguments[2]));
        LineServer.serve(tableProcess::handle);
    }

    private Object handle(String line) throws IOException {
        String[] words = line.split(" ");
        JobWorkload workload = JobWorkload.valueOf(words[1]);
        Path folder = workload.folder(root);
        return switch (words[0]) {
            case "prepare" -> Preparation.prepare(spark, workload, cases, scale, files, folder);
            case "compare" -> {
                Path ours = Contender.SLUICE.output(folder, Integer.parseInt(words[3]));
                Path theirs = Contender.valueOf(words[2]).output(folder, Integer.parseInt(words[3]));
                yield AnswerComparison.compare(spark, Preparation.input(folder), ours, theirs, workload.requested());
            }
            case "clear" -> {
                Folder.delete(folder);
                yield Files.exists(folder);
            }
            default -> throw new IllegalArgumentException(line);
        };
    }
}
