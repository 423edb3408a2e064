package sluice.job.storage;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.message.Failure;
import sluice.job.message.UnfinishedException;

/**
 * Commits and publishes an output by a {@link Journal}. The rename that creates the journal is the commit. Before the commit
 * nothing has changed. After the commit nothing is rolled back: if a step fails, the journal stays, and the next run on this output, or
 * {@code --status}, replays it.
 *
 * <p>Every step checks whether it is done already, so several processes may replay a journal, at the same time or after a kill.
 */
public final class Publication {
    private static final Logger LOG = LoggerFactory.getLogger(Publication.class);
    private static final String SUFFIX = ".json";

    private final FileSystem files;
    private final Path file;
    private final Path target;
    private final Configuration hadoop;

    private Publication(FileSystem files, Path file, Path target, Configuration hadoop) {
        this.files = files;
        this.file = file;
        this.target = target;
        this.hadoop = hadoop;
    }

    /** The publication of the run with this id. */
    public static Publication of(Path target, String id, FileSystem files, Configuration hadoop) {
        return new Publication(files, new Path(target.getParent(), prefix(target) + id + SUFFIX), target, hadoop);
    }

    private static String prefix(Path target) {
        return "." + target.getName() + ".publishing-";
    }

    /**
     * Replays the journals of runs that ended while they published this output.
     *
     * @param option the option or setting that gave the path, for messages
     * @return one message for each journal
     * @throws UnfinishedException if one can't be finished
     */
    public static List<String> finishAll(String path, String option, Configuration hadoop) throws IOException {
        FileSystem files = Storage.of(path, option, hadoop);
        Path target = files.makeQualified(new Path(path));
        List<String> sentences = new ArrayList<>();
        if (target.getParent() != null) {
            for (Path left : Storage.siblings(files, target, prefix(target), SUFFIX)) {
                new Publication(files, left, target, hadoop).finish();
                sentences.add(
                        "%s: a run ended while it published its output here; this is finished now".formatted(path));
            }
        }
        return sentences;
    }

    /**
     * Replays one journal, if it exists.
     *
     * @return whether it existed
     * @throws UnfinishedException if it can't be finished
     */
    public static boolean finish(Path journal, Path target, Configuration hadoop) throws IOException {
        Publication publication = new Publication(journal.getFileSystem(hadoop), journal, target, hadoop);
        boolean isCommitted = publication.isCommitted();
        publication.finish();
        return isCommitted;
    }

    /** The path of the journal after the commit. */
    public Path file() {
        return file;
    }

    public boolean isCommitted() throws IOException {
        return files.exists(file);
    }

    /**
     * Commits.
     *
     * @param draft the path where the journal is written before it is renamed
     * @throws IOException if the commit failed; then nothing has changed
     */
    public void commit(Journal journal, Path draft) throws IOException {
        try {
            SmallFile.write(files, draft, journal.json());
            if (!files.rename(draft, file)) {
                throw new IOException("%s: could not be renamed to %s".formatted(draft, file));
            }
        } catch (IOException e) {
            if (!isCommitted()) {
                throw e;
            }
            LOG.warn("{}: {}, but the journal exists: the output is committed", file, e.getMessage());
        }
    }

    /** @throws UnfinishedException if a step failed; the journal stays */
    public void finish() {
        try {
            Optional<byte[]> written = SmallFile.read(files, file);
            if (written.isEmpty()) { // another process has finished it
                return;
            }
            Journal journal = Journal.read(file.toString(), written.get());
            List<JournalReplay> places = new ArrayList<>();
            for (Journal.Place place : journal.places()) {
                places.add(JournalReplay.of(new Path(file.getParent(), place.path()), place, journal.id(), hadoop));
            }
            for (JournalReplay place : places) {
                place.move();
            }
            for (JournalReplay place : places) {
                place.writeTexts();
            }
            cleanUp(places);
        } catch (IOException e) {
            throw new UnfinishedException(
                    "%s: the output is written but could not be moved to its place: %s; the next run on this output finishes it, or submit/score --status %s; the journal is %s"
                            .formatted(target, Failure.firstLine(e.getMessage()), target, file),
                    e);
        }
    }

    /** A failure here doesn't fail the run: the output is published. The journal is deleted last, so that the next run retries. */
    private void cleanUp(List<JournalReplay> places) {
        try {
            for (JournalReplay place : places) {
                place.cleanUp();
            }
            files.delete(file, false);
        } catch (IOException e) {
            LOG.warn(
                    "{}: the output is published, but its staging files could not be deleted: {}; the next run retries",
                    file,
                    e.getMessage());
        }
    }
}
