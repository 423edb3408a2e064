package sluice.job.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.message.Failure;
import sluice.job.message.UnfinishedException;

/**
 * Does what a {@link Journal} says. The journal's coming into being, with one rename, is the moment of decision: a run that ends before
 * it has changed nothing, and from then on there is only one outcome, whoever brings it about. So a failure in between takes nothing
 * back: the journal stays, and the next run on this output, or {@code --status}, goes on with it.
 *
 * <p>Every step looks first whether it is done, so that it may be done by several at once, or again after a kill.
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

    /** Of the run that has this id. */
    public static Publication of(Path target, String id, FileSystem files, Configuration hadoop) {
        return new Publication(files, new Path(target.getParent(), prefix(target) + id + SUFFIX), target, hadoop);
    }

    private static String prefix(Path target) {
        return "." + target.getName() + ".publishing-";
    }

    /**
     * Finishes what runs have left that were ended while they showed their output.
     *
     * @param option that the path was given with
     * @return a sentence about each
     * @throws UnfinishedException where one can't be finished
     */
    public static List<String> finishAll(String path, String option, Configuration hadoop) throws IOException {
        FileSystem files = Storage.of(path, option, hadoop);
        Path target = files.makeQualified(new Path(path));
        List<String> sentences = new ArrayList<>();
        if (target.getParent() != null) {
            for (Path left : named(files, target, prefix(target), SUFFIX)) {
                new Publication(files, left, target, hadoop).finish();
                sentences.add(
                        "%s: a run had ended while it moved its output here; that is finished now".formatted(path));
            }
        }
        return sentences;
    }

    /**
     * Finishes one publication, if its journal is there.
     *
     * @return whether it was
     * @throws UnfinishedException where it can't be finished
     */
    public static boolean finish(Path journal, Path target, Configuration hadoop) throws IOException {
        Publication publication = new Publication(journal.getFileSystem(hadoop), journal, target, hadoop);
        boolean isDecided = publication.isDecided();
        publication.finish();
        return isDecided;
    }

    /** What lies beside a path and has such a name, the oldest first. */
    static List<Path> named(FileSystem files, Path target, String prefix, String suffix) throws IOException {
        try {
            return Arrays.stream(files.listStatus(target.getParent()))
                    .filter(entry -> entry.getPath().getName().startsWith(prefix)
                            && entry.getPath().getName().endsWith(suffix))
                    .sorted(Comparator.comparingLong(FileStatus::getModificationTime)
                            .thenComparing(FileStatus::getPath))
                    .map(FileStatus::getPath)
                    .toList();
        } catch (FileNotFoundException e) {
            return List.of();
        } catch (IOException e) { // a parent that is a file: whoever writes there says it better
            if (files.exists(target.getParent())
                    && !files.getFileStatus(target.getParent()).isDirectory()) {
                return List.of();
            }
            throw e;
        }
    }

    /** Where the journal is, once it is decided. */
    public Path file() {
        return file;
    }

    /** Whether it is decided. */
    public boolean isDecided() throws IOException {
        return files.exists(file);
    }

    /**
     * Decides.
     *
     * @param draft where it is written first
     * @throws IOException where it could not be; then nothing has changed
     */
    public void decide(Journal journal, Path draft) throws IOException {
        try {
            SmallFile.write(files, draft, journal.json());
            if (!files.rename(draft, file)) {
                throw new IOException("%s: could not be renamed to %s".formatted(draft, file));
            }
        } catch (IOException e) {
            if (!isDecided()) {
                throw e;
            }
            LOG.warn("{}: {}, but it is there", file, e.getMessage());
        }
    }

    /** @throws UnfinishedException where something could not be moved; the journal stays */
    public void finish() {
        try {
            Optional<byte[]> written = SmallFile.read(files, file);
            if (written.isEmpty()) { // somebody else has finished it
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
                place.write();
            }
            cleanUp(places);
        } catch (IOException e) {
            throw new UnfinishedException(
                    "%s: all is written but could not be moved to its place: %s; the next run on this output finishes it, or submit/score --status %s; the journal is %s"
                            .formatted(target, Failure.firstLine(e.getMessage()), target, file),
                    e);
        }
    }

    /** All is in its place. What is left over is no reason to call the run failed: the journal goes last, so that it is tried again. */
    private void cleanUp(List<JournalReplay> places) {
        try {
            for (JournalReplay place : places) {
                place.cleanUp();
            }
            files.delete(file, false);
        } catch (IOException e) {
            LOG.warn(
                    "{}: the output is in its place, but what is left over could not be removed: {}; the next run tries it again",
                    file,
                    e.getMessage());
        }
    }
}
