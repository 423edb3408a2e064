package sluice.job.output;

import java.io.IOException;
import org.apache.hadoop.fs.Path;
import sluice.job.storage.Journal;

/** Something staged beside another place that is published by the journal of an output, in one decision with its rows. */
public interface PublishedTogether {
    /**
     * Called before the journal is decided.
     *
     * @param journal the journal's path once it is decided
     * @param output the target of the output that the journal publishes
     * @throws IOException where it can't be published any more; nothing is decided then
     */
    void announce(Path journal, Path output) throws IOException;

    /** The steps that the journal does for it, after those of the output. */
    Journal.Place steps();

    /** Removes what is staged. */
    void abandon() throws IOException;
}
