package sluice.job.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/** The process that makes the tables, and compares the answers of two contenders. */
public final class Umpire {
    private static final int CORES = 2;

    private final SparkSession spark = LocalSession.start(CORES);
    private final Path root;
    private final Optional<Cases> cases;
    private final double scale;
    private final int files;

    private Umpire(Path root, Optional<Cases> cases, double scale, int files) {
        this.root = root;
        this.cases = cases;
        this.scale = scale;
        this.files = files;
    }

    /** Where the workloads go, how large they are, in how many files, and where real ones are. */
    public static void main(String[] arguments) {
        Umpire umpire = new Umpire(
                Path.of(arguments[0]),
                Optional.of(arguments[3]).filter(data -> !data.isEmpty()).map(data -> new Cases(Path.of(data))),
                Double.parseDouble(arguments[1]),
                Integer.parseInt(arguments[2]));
        Conversation.serve(umpire::answer);
    }

    private Object answer(String line) throws IOException {
        String[] words = line.split(" ");
        JobWorkload workload = JobWorkload.valueOf(words[1]);
        Path folder = workload.folder(root);
        return switch (words[0]) {
            case "prepare" -> Preparation.prepare(spark, workload, cases, scale, files, folder);
            case "compare" -> {
                Path ours = Contender.SLUICE.output(folder, Integer.parseInt(words[3]));
                Path theirs = Contender.valueOf(words[2]).output(folder, Integer.parseInt(words[3]));
                yield AnswerComparison.compare(spark, Preparation.input(folder), ours, theirs, workload.asked());
            }
            case "clear" -> {
                Folder.delete(folder);
                yield Files.exists(folder);
            }
            default -> throw new IllegalArgumentException(line);
        };
    }
}
