package sluice.job.output;

import java.io.IOException;
import org.apache.hadoop.fs.Path;
import sluice.job.storage.Journal;

/** Files that are staged for another directory. The journal of the output publishes them in the same commit as the rows. */
public interface PublishedTogether {
    /**
     * Called before each attempt to commit the journal.
     *
     * @param number of the publication if it is committed
     * @param output target of the output that the journal publishes
     * @throws IOException if it can no longer be published; then the journal is not committed
     */
    void announce(long number, Path output) throws IOException;

    /** The steps that the journal runs after those of the output; called after {@link #announce}. */
    Journal.Place steps() throws IOException;

    /** Deletes the staged files. */
    void abandon() throws IOException;
}
