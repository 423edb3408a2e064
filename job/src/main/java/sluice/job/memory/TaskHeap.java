package sluice.job.memory;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;

/** The heap of one task: that of the process, divided by the tasks that it runs at once. */
public final class TaskHeap {
    private static final Pattern LOCAL = Pattern.compile("local(?:\\[(\\d+|\\*)(?:,.*)?])?");

    private TaskHeap() {}

    /** In bytes, in this process. */
    public static long bytes() {
        return Runtime.getRuntime().maxMemory() / tasksAtOnce();
    }

    /** The number of tasks that this process runs at once. */
    public static int tasksAtOnce() {
        return SparkEnv.get() == null ? 1 : tasksAtOnce(SparkEnv.get().conf());
    }

    /** The number of tasks that Spark runs at once in a process with these settings. */
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
}
