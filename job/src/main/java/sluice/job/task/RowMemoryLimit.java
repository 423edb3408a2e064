package sluice.job.task;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.sql.Row;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.SequenceScorer;
import sluice.cell.model.LstmModel;
import sluice.job.input.InputRow;
import sluice.job.input.RowDefect;
import sluice.job.message.HumanText;
import sluice.job.message.RowTooLargeException;
import sluice.job.output.OutputSize;

/**
 * How large a row's answer may be in a process of so much memory. A row is the least that Spark and Parquet work on: the whole of it is
 * converted, copied into a buffer that grows by doubling, and kept in pages, before and after they are compressed. Without this bound a
 * single row would end the process, and with it everything that its other tasks have done.
 */
public final class RowMemoryLimit {
    /** What an answer takes on its way into a file, over its own size. With 1 GiB of heap, 7 were too little and 9 were enough. */
    private static final int COPIES = 9;

    private static final Pattern LOCAL = Pattern.compile("local(?:\\[(\\d+|\\*)(?:,.*)?])?");

    private final OutputSize output;
    private final SequenceScorer scorer;
    private final long bytes; // of a task

    RowMemoryLimit(LstmModel model, ScoreRequest request, SequenceScorer scorer, long bytes) {
        this.output = new OutputSize(model, request);
        this.scorer = scorer;
        this.bytes = bytes;
    }

    /** Of this process, shared by as many tasks as it runs at once. */
    static RowMemoryLimit ofThisProcess(LstmModel model, ScoreRequest request, SequenceScorer scorer) {
        return new RowMemoryLimit(model, request, scorer, Runtime.getRuntime().maxMemory() / tasksAtOnce());
    }

    /** In this process. */
    public static int tasksAtOnce() {
        return SparkEnv.get() == null ? 1 : tasksAtOnce(SparkEnv.get().conf());
    }

    /** As many as Spark gives to a process. */
    public static int tasksAtOnce(SparkConf conf) {
        String master = conf.get("spark.master", "local");
        int processors = Runtime.getRuntime().availableProcessors();
        Matcher local = LOCAL.matcher(master);
        int cores;
        if (local.matches()) {
            String threads = Optional.ofNullable(local.group(1)).orElse("1");
            cores = threads.equals("*") ? processors : Integer.parseInt(threads);
        } else {
            boolean oneByDefault = master.startsWith("yarn") || master.startsWith("k8s");
            cores = conf.getInt("spark.executor.cores", oneByDefault ? 1 : processors);
        }
        return Math.max(1, cores / conf.getInt("spark.task.cpus", 1));
    }

    /** @throws RowTooLargeException where a row's answer has no room */
    void require(Row row, Sequence sequence, InputRow inputRow) {
        check(sequence.length()).ifPresent(defect -> {
            throw new RowTooLargeException(inputRow.complaint(row, defect));
        });
    }

    /** What is wrong with an answer to so many steps, if anything. */
    Optional<RowDefect> check(int steps) {
        double answer = output.bytes(steps);
        double needed = scorer.bytes(steps) + (COPIES - 1) * answer;
        if (needed <= bytes) {
            return Optional.empty();
        }
        return Optional.of(new RowDefect(
                "too-large",
                String.format(
                        Locale.ROOT,
                        "its answer to %,d steps is %s, and takes %s until it is written, of the %s that a task has here; nothing was written;"
                                + " ask for less (topk, rank or loglik in place of whole distributions), or give the process more memory"
                                + " (--executor-memory on a cluster, --driver-memory in local mode) or fewer tasks at once",
                        steps,
                        HumanText.size(answer),
                        HumanText.size(needed),
                        HumanText.size(bytes))));
    }
}
