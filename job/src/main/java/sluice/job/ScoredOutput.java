package sluice.job;

import java.io.IOException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Where a scored table goes. Nothing of it is seen before it is published, and all of it then. */
interface ScoredOutput {
    /**
     * Holds what is to be written against what is there.
     *
     * @throws RefusedException where it can't go there
     */
    void requireFits(TableShape shape);

    /** Scores the rows, and keeps them where nobody sees them. */
    void stage(Dataset<Row> rows);

    /** Does the same with the rows that couldn't be scored. */
    void stageBadRows(Dataset<Row> rows);

    /** Where these will be: the whole path, or one within the output. */
    String badRowsPath();

    /** @throws IOException where it failed; then nothing is there that was not there before */
    void publish(byte[] report) throws IOException;

    /** Leaves nothing behind of what is not published. */
    void abandon() throws IOException;
}
