package sluice.job.output;

import java.io.IOException;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import sluice.job.fingerprint.TableFingerprint;
import sluice.job.message.RefusedException;
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.Settings;

/** The destination of a scored table. Its rows are staged first, invisible to readers, and published when all of them are complete. */
public interface ScoredOutput {
    /** @throws RefusedException if the settings don't fit the destination, or it can't be written */
    static ScoredOutput at(SparkSession spark, Settings settings, RunName run, Configuration hadoop) {
        return settings.output().format() == OutputFormat.TABLE
                ? TableOutput.at(spark, settings, run, hadoop)
                : DirectoryOutput.at(spark, settings, run, hadoop);
    }

    /** Whether a catalog table holds the rows of this named run, which are added once. A directory's history says so before it is opened. */
    default boolean holdsRun() {
        return false;
    }

    /** The shape of the written table, which may have more columns than the scored one. */
    default TableShape shape(TableShape scored) {
        return scored;
    }

    /**
     * Checks the table to write against the existing one.
     *
     * @throws RefusedException if they don't fit
     */
    void requireFits(TableShape shape);

    /**
     * Scores the rows, and stages the result.
     *
     * @param fileRows largest number of rows in a file; 0: no limit
     * @return the fingerprint of the rows
     */
    TableFingerprint stage(Dataset<Row> rows, long fileRows);

    /** Stages the bad rows. */
    void stageBadRows(Dataset<Row> rows);

    /**
     * Stages files of another directory that are published in the same commit as the rows.
     *
     * @param stage creates them, given the id of the publication
     */
    default <T extends PublishedTogether> T publishTogether(Function<String, T> stage) {
        throw new IllegalStateException(
                "states can only be published with an output directory; the settings should have been refused");
    }

    /** The published path of the bad rows: absolute, or relative to the output. */
    String badRowsPath();

    /**
     * Makes the staged rows visible.
     *
     * @return {@code false} if another process has published the rows of this run meanwhile, and nothing is published
     * @throws IOException if the commit failed; then a directory is unchanged, and a catalog table is what its format leaves
     * @throws sluice.job.message.UnfinishedException if the journal of a directory is committed, and a step failed
     */
    boolean publish(RunReport report) throws IOException;

    /** Removes what the published rows have replaced, and what was kept until they were published. Called after {@link #publish}. */
    default void removeReplaced() throws IOException {}

    /** Deletes what is staged and not published. */
    void abandon() throws IOException;
}
