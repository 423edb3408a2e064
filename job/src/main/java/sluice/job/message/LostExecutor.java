package sluice.job.message;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Executors that ended because of their memory, as YARN, Kubernetes and Spark's standalone cluster report them. */
final class LostExecutor {
    private static final Pattern LIMIT =
            Pattern.compile("exceeding (physical|virtual) memory limits\\. ([0-9.]+ [KMGTP]?B) of ([0-9.]+ [KMGTP]?B)");
    private static final Pattern EXIT =
            Pattern.compile("(?:exit code|exit status:|exited with code) (52|137)\\b", Pattern.CASE_INSENSITIVE);

    /** The exit code of Spark's executor after an {@code OutOfMemoryError}. */
    private static final String OUT_OF_MEMORY = "52";

    private LostExecutor() {}

    /** Why the executor ended and what to do, if the message of the failure shows it. */
    static Optional<String> reason(String message) {
        if (message == null || !message.contains("ExecutorLostFailure")) {
            return Optional.empty();
        }
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
