package sluice.job.output;

import java.io.IOException;
import org.apache.hadoop.fs.Path;
import sluice.job.storage.Journal;

/** Staged files of another target that the journal of an output publishes, in the same commit as its rows. */
public interface PublishedTogether {
    /**
     * Called before the journal is committed.
     *
     * @param journal path of the committed journal
     * @param output target of the output that the journal publishes
     * @throws IOException where it can no longer be published; then the journal is not committed
     */
    void announce(Path journal, Path output) throws IOException;

    /** The journal's steps for it, which follow those of the output. */
    Journal.Place steps();

    /** Deletes the staged files. */
    void abandon() throws IOException;
}
