package sluice.job.message;

import java.util.Optional;
import org.apache.spark.SparkException;
import org.apache.spark.SparkThrowable;
import sluice.cell.model.ModelException;

/** Turns an exception into a message for the user and an exit code. */
public final class Failure {
    private static final String FAILED_READ_FILE = "FAILED_READ_FILE";

    /** What a reader means that fails without a message, as Avro's does at the end of a file that was cut. */
    private static final String DAMAGED = "it is damaged or not complete";

    private static final String TASK_WRITE_FAILED = "TASK_WRITE_FAILED";

    /** How the message of the exception begins with which Spark's scheduler gives up: it has no condition. */
    private static final String STAGE_FAILED = "Job aborted due to stage failure";

    private Failure() {}

    /** The message of the first cause that is ours; otherwise the class and the message of the deepest cause. */
    public static String sentence(Throwable failure) {
        Throwable deepest = failure;
        String path = null; // of the file that could not be read
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (isOurs(cause)) {
                return cause.getMessage();
            }
            if (cause instanceof OutOfMemoryError) {
                return "the run failed, nothing was written: out of memory (%s): raise --executor-memory on a cluster, --driver-memory in local mode, or lower scoring.batch-bytes"
                        .formatted(cause.getMessage());
            }
            if (cause instanceof LinkageError) {
                return "%s: %s; a library on the class path is missing, or is for another version of Spark; nothing was written; check --packages and --jars"
                        .formatted(cause.getClass().getSimpleName(), firstLine(cause.getMessage()));
            }
            Optional<String> ofCluster = ClusterFailure.reason(cause);
            if (ofCluster.isPresent()) {
                return "the run failed, nothing was written: " + ofCluster.get();
            }
            deepest = cause;
            path = unreadableFile(cause).orElse(path);
        }
        if (path != null && deepest instanceof ClassNotFoundException) {
            return "%s: can't be read: the class %s is missing, perhaps of a compression that this Spark lacks; nothing was written; put its jar on the class path (--jars or --packages), or write the file again with another compression, such as zstd or snappy"
                    .formatted(path, deepest.getMessage());
        }
        if (path != null) {
            return "%s: can't be read: %s; nothing was written; repair or remove the file"
                    .formatted(path, deepest.getMessage() == null ? DAMAGED : firstLine(deepest.getMessage()));
        }
        return "the run failed, nothing was written: %s: %s"
                .formatted(deepest.getClass().getSimpleName(), firstLine(deepest.getMessage()));
    }

    /** The message of a failure that is part of another sentence: that of the first cause that is ours; otherwise the deepest cause. */
    public static String reason(Throwable failure) {
        Throwable deepest = failure;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (isOurs(cause)) {
                return cause.getMessage();
            }
            deepest = cause;
        }
        return deepest.getClass().getSimpleName() + ": " + firstLine(deepest.getMessage());
    }

    /** Whether the cluster is the reason, and not what the run was doing at that time. */
    public static boolean isOfCluster(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (ClusterFailure.reason(cause).isPresent()) {
                return true;
            }
        }
        return false;
    }

    /** Whether a task failed, or Spark rejected its rows, and not what the driver did with complete files after the tasks. */
    public static boolean isOfTask(Throwable failure) {
        if (failure instanceof SparkThrowable rows && rows.getCondition() != null && failure.getCause() == null) {
            return true; // Spark throws the error of a row as it is
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            boolean isOfStage = cause instanceof SparkException
                    && String.valueOf(cause.getMessage()).startsWith(STAGE_FAILED);
            boolean isOfWrite = cause instanceof SparkThrowable spark
                    && String.valueOf(spark.getCondition()).startsWith(TASK_WRITE_FAILED);
            if (isOfStage || isOfWrite) {
                return true;
            }
        }
        return false;
    }

    private static boolean isOurs(Throwable cause) {
        return cause instanceof BadRowException
                || cause instanceof RowTooLargeException
                || cause instanceof RefusedException
                || cause instanceof UnfinishedException
                || cause instanceof UnsafeJavaException
                || cause instanceof ModelException;
    }

    private static Optional<String> unreadableFile(Throwable cause) {
        return cause instanceof SparkThrowable spark
                        && String.valueOf(spark.getCondition()).startsWith(FAILED_READ_FILE)
                ? Optional.ofNullable(spark.getMessageParameters().get("path"))
                : Optional.empty();
    }

    /**
     * Why Spark could not read a table. Of a file that it could not read it says only its name, and the deepest cause says why.
     *
     * @param failure as Spark threw it
     */
    public static String unreadable(Throwable failure) {
        String message = firstLine(failure.getMessage());
        Throwable deepest = failure;
        while (deepest.getCause() != null) {
            deepest = deepest.getCause();
        }
        return unreadableFile(failure).isEmpty() || deepest == failure
                ? message
                : "%s: %s".formatted(message.strip(), firstLine(deepest.getMessage()));
    }

    /** The exception for a table whose catalog is of a library that was compiled for another Spark. */
    public static RefusedException ofCatalog(String table, LinkageError failure, String sparkVersion) {
        return new RefusedException(
                "%s: the library of its catalog is not for Spark %s (%s: %s); pass the one for this version (--packages or --jars)"
                        .formatted(
                                table,
                                sparkVersion,
                                failure.getClass().getSimpleName(),
                                firstLine(failure.getMessage())),
                failure);
    }

    /** The exit code of a run that failed with this exception. */
    public static ExitCode code(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BadRowException) {
                return ExitCode.BAD_ROWS;
            }
            if (cause instanceof UnsafeJavaException || cause instanceof LinkageError) {
                return ExitCode.REFUSED;
            }
        }
        return failure instanceof RefusedException ? ExitCode.REFUSED : ExitCode.FAILED;
    }

    /** The first line of a message, without the error class and the SQLSTATE that Spark adds. */
    public static String firstLine(String message) {
        return message == null
                ? "no message"
                : message.lines()
                        .filter(line -> !line.isBlank())
                        .findFirst()
                        .orElse("no message")
                        .replaceAll("^\\[[A-Z0-9_.]+] |\\.?( SQLSTATE: \\w+)?;?$", "");
    }
}
