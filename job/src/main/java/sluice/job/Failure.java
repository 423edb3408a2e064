package sluice.job;

import sluice.cell.model.ModelException;

/** Turns what Spark throws into a sentence. */
final class Failure {
    private Failure() {}

    /** The user's own mistake if one lies at the bottom of it; otherwise the deepest reason, by its kind and words. */
    static String sentence(Throwable failure) {
        Throwable deepest = failure;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BadRowException || cause instanceof ModelException) {
                return cause.getMessage();
            }
            if (cause instanceof OutOfMemoryError) {
                return "the run failed, nothing was written: out of memory (%s): raise --executor-memory on a cluster, --driver-memory in local mode, or lower scoring.batch-bytes"
                        .formatted(cause.getMessage());
            }
            deepest = cause;
        }
        return "the run failed, nothing was written: %s: %s"
                .formatted(deepest.getClass().getSimpleName(), firstLine(deepest.getMessage()));
    }

    /** What a run that failed so tells its scheduler. */
    static ExitCode code(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BadRowException) {
                return ExitCode.BAD_ROWS;
            }
        }
        return failure instanceof RefusedException ? ExitCode.REFUSED : ExitCode.FAILED;
    }

    /** Spark's messages begin with a code, and go on with another code, stack traces and plans. */
    static String firstLine(String message) {
        return message == null
                ? "no message"
                : message.lines()
                        .findFirst()
                        .orElse("no message")
                        .replaceAll("^\\[[A-Z_.]+] |\\.?( SQLSTATE: \\w+)?$", "");
    }
}
