package sluice.job.storage;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.message.UnfinishedException;

/**
 * Commits and publishes outputs by numbered {@link Journal}s. Creating the journal of the next number is the commit; of several runs one
 * creates it, and the others see what it published before they try the number after it. Before the commit nothing has changed. After the
 * commit nothing is rolled back: if a step fails, the journal stays, and the next run on this output, or {@code --status}, replays it.
 *
 * <p>A journal {@code .NAME.publication-N.json} beside the output is pending if the newest record of the {@link PublicationLog} is N-1, or
 * if the journals between the record and N only take their number. Any other journal is finished, or was created by a process that slept
 * while later publications were complete; that process withdraws it.
 */
public final class Publication {
    private static final Logger LOG = LoggerFactory.getLogger(Publication.class);
    private static final String SUFFIX = ".json";
    private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,17}");
    private static final int MOST_TRIES = 1_000;

    private final FileSystem files;
    private final Path target;
    private final Configuration hadoop;
    private final StoreGuarantees store;
    private final PublicationLog log;

    private Publication(FileSystem files, Path target, Configuration hadoop) throws IOException {
        this.files = files;
        this.target = target;
        this.hadoop = hadoop;
        this.store = StoreGuarantees.of(files, target, hadoop);
        this.log = new PublicationLog(files, target, store);
    }

    /** The publications of an output. */
    public static Publication of(Path target, FileSystem files, Configuration hadoop) throws IOException {
        return new Publication(files, target, hadoop);
    }

    /** What a run wants to publish. */
    public interface Proposal {
        /**
         * The journal of the run, made for the output as it is after all earlier publications.
         *
         * @param number of the publication
         * @return empty if there is nothing to publish any more
         * @throws IOException if the run can't be published on what is there now
         */
        Optional<Journal> journal(long number) throws IOException;
    }

    /** What is known of the file system of the output. */
    public StoreGuarantees store() {
        return store;
    }

    /** The records of the output. */
    public PublicationLog log() {
        return log;
    }

    /** The number of the newest publication that is complete; 0 if there is none. */
    public long newest() throws IOException {
        return log.newest();
    }

    private String prefix() {
        return "." + target.getName() + ".publication-";
    }

    /** The path of the journal of this number. */
    public Path file(long number) {
        return Storage.child(target.getParent(), prefix() + number + SUFFIX);
    }

    private Path draft(String id) {
        return Storage.child(target.getParent(), StagingDirectory.stagingPrefix(target) + id + ".draft");
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
        Path target = Storage.qualified(path, option, hadoop);
        return target.getParent() == null ? List.of() : new Publication(files, target, hadoop).finishAll(path);
    }

    private List<String> finishAll(String path) throws IOException {
        requireNoEarlierVersion(path);
        int finished = finishPending();
        cleanUpFinished();
        restoreTexts();
        List<String> sentences = new ArrayList<>();
        for (int count = 0; count < finished; count++) {
            sentences.add(String.format(
                    Locale.ROOT, "%s: a run ended while it published its output here; this is finished now", path));
        }
        return sentences;
    }

    /** An earlier version names its journals so, and reads those of this version as if they had no steps. */
    private void requireNoEarlierVersion(String path) throws IOException {
        List<Path> left = Storage.siblings(files, target, "." + target.getName() + ".publishing-", SUFFIX);
        if (!left.isEmpty()) {
            throw new RefusedException(String.format(
                    Locale.ROOT,
                    "%s: a run of an earlier version ended while it published its output here, and only that version can finish it: use its submit/score --status %s; the journal is %s",
                    path,
                    path,
                    left.get(0)));
        }
    }

    /** Finishes what other runs have committed, and returns how many publications that were. */
    public int finishPending() throws IOException {
        return finishCommitted().finished();
    }

    /**
     * @param finished number of publications that other runs had left
     * @param next the number after the publications that are complete in all places
     */
    private record Committed(int finished, long next) {}

    private Committed finishCommitted() throws IOException {
        putBack();
        int finished = 0;
        long complete = 0; // all publications up to this one are complete in all places
        while (true) {
            long newest = log.newest();
            if (newest > complete) { // its record may have come with the output's directory, before the other places
                Optional<Journal> left = read(newest);
                if (left.isPresent() && isPublished(newest, left.get().id())) {
                    finish(left.get());
                    finished++;
                }
                complete = newest;
            }
            long number = next();
            Optional<Journal> journal = read(number);
            if (journal.isPresent()) {
                finish(journal.get());
                finished++;
                complete = number;
            } else if (log.newest() <= complete) {
                return new Committed(finished, number);
            }
        }
    }

    /**
     * Moves an output back to its place that a process moved away which was killed before it could do so. If the pending publication has
     * moved it away, it stays there.
     */
    private void putBack() throws IOException {
        if (!store.renamesDirectories() || files.exists(target)) {
            return;
        }
        Path newest = null;
        long number = 0;
        Optional<Journal> pending = read(next());
        for (Path directory : log.replaced()) {
            long there = log.newestIn(directory);
            if (there > number) {
                number = there;
                newest = directory;
            }
            if (pending.filter(journal -> place(journal).hasReplaced(directory)).isPresent()) {
                return;
            }
        }
        if (newest != null && !files.exists(target)) {
            LOG.warn("{}: was moved to {} by a process that was killed; it is moved back", target, newest);
            store.renameDirectory(newest, target);
        }
    }

    private StagingDirectory place(Journal journal) {
        return new StagingDirectory(files, target, journal.id());
    }

    /** The number of the next publication: the first one after the newest record that no void journal takes. */
    private long next() throws IOException {
        long number = log.newest() + 1;
        while (read(number).filter(Journal::isVoid).isPresent()) {
            number++;
        }
        return number;
    }

    private Optional<Journal> read(long number) throws IOException {
        Path file = file(number);
        Optional<byte[]> json = SmallFile.read(files, file);
        if (json.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Journal.read(file.toString(), json.get()));
        } catch (IOException e) {
            throw unfinished(file, e);
        }
    }

    /**
     * Commits and publishes.
     *
     * @param id of the publication
     * @return whether it was published; {@code false}: the proposal had nothing to publish any more
     * @throws IOException if the commit failed; then the output is unchanged
     * @throws UnfinishedException if a step after the commit failed, and the journal stays; or if it is not known whether the commit failed
     */
    public boolean publish(String id, Proposal proposal) throws IOException {
        for (int tries = 0; tries < MOST_TRIES; tries++) {
            long number = finishCommitted().next();
            Optional<Journal> journal = proposal.journal(number);
            if (journal.isEmpty()) {
                return false;
            }
            if (create(journal.get()) && isPublishedAfter(journal.get())) {
                return true;
            }
        }
        throw new IOException(String.format(
                Locale.ROOT, "%s: other runs published again and again; repeat this run when they have ended", target));
    }

    private boolean create(Journal journal) throws IOException {
        Path file = file(journal.number());
        try {
            return store.create(file, journal.json(), draft(journal.id()));
        } catch (StoreGuarantees.UnknownOutcomeException e) {
            throw new UnfinishedException(
                    String.format(
                            Locale.ROOT,
                            "%s: it is not known whether the output is published, because the file system did not answer when %s was created: %s; when it answers again, submit/score --status %s shows this run if it is, and finishes it; if --status does not show this run, repeat it",
                            target,
                            file,
                            Failure.firstLine(e.getMessage()),
                            target),
                    e);
        }
    }

    /**
     * Finishes a publication whose journal has just been created.
     *
     * @return {@code false} if the journal was created too late, after later publications; then it is withdrawn
     */
    private boolean isPublishedAfter(Journal journal) {
        Path file = file(journal.number());
        try {
            // If another process has written the record, it may still be at work in the other places.
            if (isPending(journal.number()) || isPublished(journal.number(), journal.id())) {
                finish(journal);
                return true;
            }
            files.delete(file, false);
            return false;
        } catch (IOException e) {
            throw unfinished(file, e);
        }
    }

    private boolean isPending(long number) throws IOException {
        long newest = log.newest();
        for (long other = newest + 1; other < number; other++) {
            if (read(other).filter(Journal::isVoid).isEmpty()) {
                return false;
            }
        }
        return newest < number;
    }

    private boolean isPublished(long number, String id) throws IOException {
        return log.record(number).filter(record -> record.id().equals(id)).isPresent();
    }

    /** Whether the journal of this number was created for the publication of this id, finished or not. */
    public boolean isCommitted(long number, String id) throws IOException {
        boolean isCreated =
                read(number).filter(journal -> journal.id().equals(id)).isPresent();
        // A journal that was created too late lies there, too, until its process withdraws it.
        return isPublished(number, id) || (isCreated && log.newest() < number) || isPublished(number, id);
    }

    /**
     * Decides whether a publication is committed, and prevents it if it is not.
     *
     * @return whether it is committed
     */
    public boolean decide(long number, String id) throws IOException {
        while (true) {
            if (isCommitted(number, id)) {
                return true;
            }
            if (log.newest() >= number || read(number).isPresent()) {
                return isCommitted(number, id);
            }
            store.create(file(number), Journal.voiding(id, number).json(), draft(id + "-void"));
        }
    }

    private void finish(Journal journal) {
        Path file = file(journal.number());
        try {
            List<JournalReplay> places = places(journal);
            for (JournalReplay place : places) {
                place.replay();
            }
            // Those of a whole output have moved with it. If it was moved away since, writing would create it again.
            if (!journal.movesWholeOutput()) {
                writeTexts(journal.texts(), journal.number());
                log.write(journal.record());
            }
            cleanUp(journal, places);
        } catch (IOException e) {
            throw unfinished(file, e);
        }
    }

    private UnfinishedException unfinished(Path file, IOException e) {
        return new UnfinishedException(
                String.format(
                        Locale.ROOT,
                        "%s: the output is written but could not be moved to its place: %s; the next run on this output finishes it, or submit/score --status %s; the journal is %s",
                        target,
                        Failure.firstLine(e.getMessage()),
                        target,
                        file),
                e);
    }

    private List<JournalReplay> places(Journal journal) throws IOException {
        List<JournalReplay> places = new ArrayList<>();
        for (Journal.Place place : journal.places()) {
            places.add(JournalReplay.of(new Path(target.getParent(), place.path()), place, journal, hadoop));
        }
        return places;
    }

    /** Writes the small files that differ, unless a later publication is complete. */
    private void writeTexts(Map<String, String> texts, long number) throws IOException {
        for (Map.Entry<String, String> text : texts.entrySet()) {
            if (log.newest() > number) {
                return;
            }
            SmallFile.update(files, new Path(target, text.getKey()), text.getValue());
        }
    }

    /** A slow process may have written the small files of an earlier publication over those of the newest one. */
    private void restoreTexts() throws IOException {
        long newest = log.newest();
        Optional<PublicationRecord> record = log.record(newest);
        if (record.isPresent() && log.newestIn(target) == newest) {
            writeTexts(record.get().texts(), newest);
        }
    }

    /**
     * Repeats the cleaning of finished publications that failed, or whose process was killed.
     *
     * <p>A record is removed with the output that a later publication replaced, and when it is the oldest of many. A journal N whose record
     * is gone is not needed if a publication after N has a record. That publication was committed only after N was complete in all places
     * ({@link #publish}), or N was withdrawn. No process replays N, because they read the journals of the newest record and after it.
     * No process takes N for committed, because its record is gone. A process may still be about to withdraw N and to propose its rows again,
     * from the same staging directory. So that directory stays, and the next run names it in the log.
     */
    private void cleanUpFinished() throws IOException {
        long newest = log.newest();
        for (Path left : Storage.siblings(files, target, prefix(), SUFFIX)) {
            String name = left.getName();
            Matcher number = NUMBER.matcher(name.substring(prefix().length(), name.length() - SUFFIX.length()));
            if (!number.matches()) {
                throw unfinished(
                        left,
                        new IOException(
                                "it is not a journal of this version of Sluice; finish it with the version that wrote it"));
            }
            long there = Long.parseLong(number.group());
            if (there > newest) {
                continue;
            }
            Optional<Journal> journal = read(there);
            Optional<PublicationRecord> record = log.record(there);
            if (journal.isEmpty()) {
                continue;
            }
            boolean isVoid = journal.get().isVoid();
            if (isVoid
                    || record.isPresent()
                            && !record.get().id().equals(journal.get().id())) {
                files.delete(left, false); // it can't be published any more
            } else if (record.isPresent()) {
                cleanUp(journal.get(), places(journal.get()));
            } else if (there < newest) {
                cleanUpForgotten(journal.get());
            }
        }
    }

    private void cleanUpForgotten(Journal journal) {
        Path file = file(journal.number());
        try {
            for (JournalReplay place : places(journal)) {
                place.cleanUpReplaced();
            }
            files.delete(file, false);
        } catch (IOException e) {
            warnOfLeft(file, e);
        }
    }

    private static void warnOfLeft(Path file, IOException e) {
        LOG.warn(
                "{}: the output is published, but its staging files could not be deleted: {}; the next run retries",
                file,
                e.getMessage());
    }

    /** A failure here doesn't fail the run: the output is published. The journal is deleted last, so that the next run retries. */
    private void cleanUp(Journal journal, List<JournalReplay> places) {
        Path file = file(journal.number());
        try {
            for (JournalReplay place : places) {
                place.cleanUp();
            }
            if (store.renamesDirectories()) {
                files.delete(draft(journal.id()), false); // of a process that was killed before it could do so
            }
            files.delete(file, false);
        } catch (IOException e) {
            warnOfLeft(file, e);
        }
    }
}
