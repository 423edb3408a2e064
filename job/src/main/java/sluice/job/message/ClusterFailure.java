package sluice.job.message;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Failures that come from the cluster, whatever the run was doing: executors that ended because of their memory, as YARN, Kubernetes and
 * Spark's standalone cluster report them, and an application that was stopped.
 */
final class ClusterFailure {
    private static final Pattern LIMIT =
            Pattern.compile("exceeding (physical|virtual) memory limits\\. ([0-9.]+ [KMGTP]?B) of ([0-9.]+ [KMGTP]?B)");
    private static final Pattern EXIT =
            Pattern.compile("(?:exit code|exit status:|exited with code) (52|137)\\b", Pattern.CASE_INSENSITIVE);

    /** Spark's words for it: in a job, while it starts, and afterwards. */
    private static final List<String> STOPPED = List.of(
            "SparkContext was shut down",
            "Spark context stopped while waiting for backend",
            "Cannot call methods on a stopped SparkContext");

    /** The exit code of Spark's executor after an {@code OutOfMemoryError}. */
    private static final String OUT_OF_MEMORY = "52";

    private ClusterFailure() {}

    /** The reason and what to do, if this is such a failure. */
    static Optional<String> reason(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        if (STOPPED.stream().anyMatch(message::contains)) {
            return Optional.of(
                    "Spark was stopped during the run, by a signal or by the cluster: its messages above, or the log of the application, show why");
        }
        return message.contains("ExecutorLostFailure") ? lostExecutor(message) : Optional.empty();
    }

    private static Optional<String> lostExecutor(String message) {
        Matcher limit = LIMIT.matcher(message);
        if (limit.find()) {
            return Optional.of(
                    "YARN ended an executor that used %s of the %s of %s memory of its container: raise spark.executor.memoryOverhead%s"
                            .formatted(
                                    limit.group(2),
                                    limit.group(3),
                                    limit.group(1),
                                    limit.group(1).equals("virtual")
                                            ? ", or set yarn.nodemanager.vmem-check-enabled to false on YARN's nodes"
                                            : ""));
        }
        Matcher exit = EXIT.matcher(message);
        if (!exit.find()) {
            return Optional.empty();
        }
        return Optional.of(
                exit.group(1).equals(OUT_OF_MEMORY)
                        ? "an executor was out of memory (exit code 52): raise --executor-memory, or lower scoring.batch-bytes"
                        : "an executor was ended by signal 9 (exit code 137), most often because it used more memory than its container "
                                + "has: raise spark.executor.memoryOverhead");
    }
}
