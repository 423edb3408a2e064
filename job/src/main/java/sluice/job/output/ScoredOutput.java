package sluice.job.output;

import java.io.IOException;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import sluice.job.message.RefusedException;
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.Settings;

/** Where a scored table goes. Nothing of it is seen before it is published, and all of it then. */
public interface ScoredOutput {
    /** @throws RefusedException where there may be none */
    static ScoredOutput at(SparkSession spark, Settings settings, RunName run, Configuration hadoop) {
        return settings.output().format() == OutputFormat.TABLE
                ? TableOutput.at(spark, settings, run, hadoop)
                : DirectoryOutput.at(spark, settings, run, hadoop);
    }

    /** The table as it is written, where that is more than what was scored. */
    default TableShape shape(TableShape scored) {
        return scored;
    }

    /**
     * Holds what is to be written against what is there.
     *
     * @throws RefusedException where it can't go there
     */
    void requireFits(TableShape shape);

    /**
     * Scores the rows, and keeps them where nobody sees them.
     *
     * @param fileRows that a file has at the most, or 0
     */
    void stage(Dataset<Row> rows, long fileRows);

    /** Does the same with the rows that couldn't be scored. */
    void stageBadRows(Dataset<Row> rows);

    /**
     * Stages something that is published in one decision with the rows.
     *
     * @param stage makes it for the run of the given id, as the journal has it
     */
    default <T extends PublishedTogether> T publishTogether(Function<String, T> stage) {
        throw new IllegalStateException(
                "states are published together with a directory of one run alone: refused before");
    }

    /** Where the bad rows will be: the whole path, or one within the output. */
    String badRowsPath();

    /** @throws IOException where it failed; then nothing is there that was not there before */
    void publish(RunReport report) throws IOException;

    /** Leaves nothing behind of what is not published. */
    void abandon() throws IOException;
}
