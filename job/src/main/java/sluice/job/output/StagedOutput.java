package sluice.job.output;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.message.UnfinishedException;
import sluice.job.report.RunHistory;
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.settings.OutputMode;
import sluice.job.settings.Settings;
import sluice.job.storage.Journal;
import sluice.job.storage.Publication;
import sluice.job.storage.PublicationLog;
import sluice.job.storage.PublicationRecord;
import sluice.job.storage.SmallFile;
import sluice.job.storage.StagingDirectory;
import sluice.job.storage.Storage;

/**
 * The staging directory of an output, and its publication. All files are written to a hidden directory beside the target. When they are
 * complete, a {@link Publication} moves them: file by file, or the whole directory if the table is new or replaced and the file system
 * renames directories.
 */
public final class StagedOutput {
    /** Written by Spark into a complete table. */
    private static final String SUCCESS = "_SUCCESS";

    private final Configuration hadoop;
    private final FileSystem files;
    private final StagingDirectory place;
    private final OutputMode mode;
    private final int partitionLevels;
    private final Optional<String> partition; // set if the run writes a single partition
    private final RunName run;
    private final Publication publication;
    private final Optional<StagingDirectory> badRows; // a directory of their own; empty: they go into the output
    private final Optional<QuarantinePlace> quarantine; // the place of badRows
    private final String id;
    private final Set<String> texts = new LinkedHashSet<>(); // names of small files
    private final Set<String> reports = new HashSet<>(); // names of small files that are reports
    private Optional<PublishedTogether> together = Optional.empty();
    private List<String> superseded = List.of(); // partitions to remove
    private final long newestAtStart;
    private long proposed; // number of the last proposed journal; 0 before the first one

    private StagedOutput(
            FileSystem files,
            Path target,
            OutputMode mode,
            int partitionLevels,
            Optional<String> partition,
            RunName run,
            Optional<QuarantinePlace> badRows,
            Configuration hadoop)
            throws IOException {
        this.quarantine = badRows;
        this.id = UUID.randomUUID().toString();
        this.hadoop = hadoop;
        this.files = files;
        this.place = new StagingDirectory(files, target, id);
        this.mode = mode;
        this.partitionLevels = partitionLevels;
        this.partition = partition;
        this.run = run;
        this.publication = Publication.of(target, files, hadoop);
        this.newestAtStart = publication.newest();
        this.badRows = badRows.map(place -> new StagingDirectory(place.files(), place.path(), id));
    }

    /**
     * @param badRows directory for bad rows; empty: they go into the output
     * @param run names the run's report and its bad rows
     * @throws RefusedException if the target exists and may not be replaced, or can't be written
     */
    public static StagedOutput at(
            Settings.Output settings, Optional<String> badRows, RunName run, Configuration hadoop) {
        return at(settings, badRows, run, Optional.empty(), hadoop);
    }

    /**
     * The same for a run that writes a single partition.
     *
     * @param partition its path in the output; the run replaces the partition, or deletes it if there are no rows
     */
    public static StagedOutput at(
            Settings.Output settings,
            Optional<String> badRows,
            RunName run,
            Optional<String> partition,
            Configuration hadoop) {
        String path = settings.path();
        FileSystem files = Storage.of(path, "--output", hadoop);
        Path target = Storage.qualified(path, "--output", hadoop);
        if (target.getParent() == null) {
            throw new RefusedException("%s: is the root of its file system; check --output".formatted(path));
        }
        Optional<QuarantinePlace> badRowsPlace = badRows.map(given -> QuarantinePlace.resolve(given, settings, hadoop));
        try {
            StagedOutput output = new StagedOutput(
                    files,
                    target,
                    settings.mode(),
                    settings.partitionBy().size(),
                    partition,
                    run,
                    badRowsPlace,
                    hadoop);
            output.requireFree(path);
            output.place.tryOut(output.publication.store(), output.newestAtStart == 0);
            StagingDirectory.warnOfLeftovers(files, target);
            return output;
        } catch (IOException e) {
            throw new RefusedException(
                    "%s: can't be written: %s; check --output".formatted(path, Failure.firstLine(e.getMessage())), e);
        }
    }

    private void requireFree(String path) throws IOException {
        if (!files.exists(place.target())) {
            return;
        }
        if (!files.getFileStatus(place.target()).isDirectory()) {
            throw new RefusedException(
                    "%s: is a file, expected a directory or a new path; check --output".formatted(path));
        }
        if (mode == OutputMode.ERROR && !isEmpty()) {
            throw new RefusedException(
                    "%s: exists already; choose another --output, or replace it with --mode overwrite".formatted(path));
        }
    }

    /**
     * Stages something that this output's journal publishes together with it.
     *
     * @param stage creates it, given the id of this publication
     */
    public <T extends PublishedTogether> T publishTogether(Function<String, T> stage) {
        T staged = stage.apply(id);
        together = Optional.of(staged);
        return staged;
    }

    /** Removes partitions of the published table, whose values the staged ones have under other names. */
    void supersede(List<String> partitions) {
        superseded = List.copyOf(partitions);
    }

    /** The directory to write the rows to. */
    Path path() {
        return place.staging();
    }

    /** The directory to write the bad rows to. */
    String stagedBadRows() {
        return badRows.isPresent()
                ? Storage.child(badRows.get().staging(), ownBadRows()).toString()
                : new Path(place.staging(), insideBadRows()).toString();
    }

    /** Stages the mark of a directory of bad rows, after the bad rows. */
    void markBadRows() throws IOException {
        if (quarantine.isPresent()) {
            SmallFile.write(
                    quarantine.get().files(),
                    new Path(badRows.get().staging(), QuarantinePlace.MARK),
                    quarantine.get().mark());
        }
    }

    /** The published path of the bad rows: relative to the output, or absolute for a directory of their own. */
    String badRowsPath() {
        return badRows.isPresent() ? publishedBadRows().toString() : insideBadRows();
    }

    /** The published directory of the bad rows. */
    Path publishedBadRows() {
        return badRows.isPresent()
                ? Storage.child(badRows.get().target(), ownBadRows())
                : new Path(place.target(), insideBadRows());
    }

    private String ownBadRows() {
        return mode.keepsOthers() ? run.partition() : "";
    }

    private String insideBadRows() {
        return mode.keepsOthers() ? RunReport.BAD_ROWS + "/" + run.partition() : RunReport.BAD_ROWS;
    }

    /** The published table's directory. */
    Path target() {
        return place.target();
    }

    /** Whether the output holds the rows of this run, which are added once if the run has a name. */
    boolean holdsRun() throws IOException {
        return run.given() && mode == OutputMode.APPEND && history().holds(run);
    }

    /** The runs whose rows the output holds. */
    public RunHistory history() {
        return new RunHistory(files, place.target(), hadoop);
    }

    /** Stages a small file that belongs to the table; Spark ignores it if its name begins with {@code _} or a dot. */
    public void write(String name, byte[] content) throws IOException {
        SmallFile.write(files, new Path(place.staging(), name), content);
    }

    /** Stages the run's report twice: as the latest report and under the run's name. */
    public void writeReport(byte[] report) throws IOException {
        writeReport(run.report(), report);
        writeReport(RunReport.FILE, report);
    }

    /** Stages a report, which gets the number of the publication. */
    public void writeReport(String name, byte[] report) throws IOException {
        writeText(name, report);
        reports.add(name);
    }

    /** Stages a small file that replaces one of the same name in the output. */
    public void writeText(String name, byte[] content) throws IOException {
        write(name, content);
        texts.add(name);
    }

    /** Looks again at the output just before a commit. */
    @FunctionalInterface
    public interface Recheck {
        /**
         * @param changed whether another run has published on the output since this run began
         * @return {@code false} if the output holds the rows of this run already
         * @throws IOException if the rows don't fit any more
         */
        boolean isWanted(boolean changed) throws IOException;
    }

    /**
     * Makes the staged files visible.
     *
     * @param recheck called before each attempt to commit
     * @return {@code false} if the output holds the rows of this run already; the staged files are still there
     * @throws IOException if the journal could not be committed; then the output is unchanged
     * @throws UnfinishedException if the journal is committed, and a step failed
     */
    public boolean publish(Recheck recheck) throws IOException {
        return publication.publish(id, number -> propose(number, recheck));
    }

    private Optional<Journal> propose(long number, Recheck recheck) throws IOException {
        if (!files.exists(place.staging())) {
            throw new IOException(
                    String.format(Locale.ROOT, "%s: was removed by another process during this run", place.staging()));
        }
        if (!recheck.isWanted(publication.newest() != newestAtStart)) {
            return Optional.empty();
        }
        boolean isNew = isEmpty();
        if (mode == OutputMode.ERROR && !isNew) {
            throw new IOException(
                    String.format(Locale.ROOT, "%s: was created by another process during this run", place.target()));
        }
        List<Journal.Place> places = new ArrayList<>();
        boolean isWithin = mode.keepsOthers() && !isNew;
        places.add(isWithin ? stepsWithin() : wholeDirectory());
        if (badRows.isPresent()) {
            places.add(badRowsSteps(badRows.get()));
        }
        if (together.isPresent()) {
            together.get().announce(number, place.target());
            places.add(together.get().steps());
        }
        long base =
                isWithin ? publication.log().last().map(PublicationRecord::base).orElse(0L) : number;
        Journal journal = new Journal(id, number, base, places, stagedTexts(isWithin, number));
        if (!isWithin && publication.store().renamesDirectories()) {
            stageRecord(journal.record());
        }
        proposed = number;
        return Optional.of(journal);
    }

    /** The record moves with the directory, so that the output never lacks it; so do those of earlier publications. */
    private void stageRecord(PublicationRecord record) throws IOException {
        Path directory = new Path(place.staging(), PublicationLog.DIRECTORY);
        files.delete(directory, true); // of an earlier number
        for (Map.Entry<String, byte[]> earlier : publication.log().recent().entrySet()) {
            SmallFile.write(files, new Path(place.staging(), earlier.getKey()), earlier.getValue());
        }
        SmallFile.write(files, new Path(place.staging(), PublicationLog.name(record.number())), record.json());
    }

    private Map<String, String> stagedTexts(boolean isWithin, long number) throws IOException {
        Map<String, String> staged = new LinkedHashMap<>();
        List<String> names = new ArrayList<>(texts);
        if (!isWithin) {
            names.add(SUCCESS);
        }
        for (String name : names) {
            Optional<byte[]> text = SmallFile.read(files, new Path(place.staging(), name));
            if (text.isEmpty()) {
                continue;
            }
            byte[] content = text.get();
            if (reports.contains(name)) {
                content = RunReport.withPublication(content, number);
                write(name, content);
            }
            staged.put(name, new String(content, StandardCharsets.UTF_8));
        }
        return staged;
    }

    private Journal.Place wholeDirectory() throws IOException {
        JournalBuilder steps = new JournalBuilder(place);
        if (!publication.store().renamesDirectories()) {
            if (mode == OutputMode.OVERWRITE) {
                steps.remove("", publication.log().recentFiles(), JournalBuilder::isData);
                steps.remove(RunReport.DIRECTORY, List.of(), this::isReplaced);
            }
            steps.move("", JournalBuilder::isData);
            steps.move(RunReport.BAD_ROWS, JournalBuilder::isData);
        } else if (files.exists(place.target())) {
            steps.replaceTarget();
        } else {
            steps.moveTarget();
        }
        return steps.build(place.target().getName());
    }

    /** Whether a small file of an earlier run, or its bad rows, go with its rows. */
    private boolean isReplaced(String path) {
        return !path.equals(PublicationLog.DIRECTORY) && !texts.contains(path);
    }

    /** Steps that leave the rest of the existing output as it is. */
    private Journal.Place stepsWithin() throws IOException {
        JournalBuilder steps = new JournalBuilder(place);
        List<String> recent = publication.log().recentFiles();
        if (badRows.isEmpty()) {
            // An earlier run may have had the same name.
            steps.replace(insideBadRows(), recent, JournalBuilder::isData);
        }
        if (partition.isPresent()) {
            steps.replace(partition.get(), recent, JournalBuilder::isData);
        } else if (mode == OutputMode.APPEND) {
            steps.move("", JournalBuilder::isData);
        } else {
            for (String old : superseded) {
                steps.remove(old, recent, JournalBuilder::isData);
            }
            steps.replacePartitions("", partitionLevels, recent);
        }
        return steps.build(place.target().getName());
    }

    private Journal.Place badRowsSteps(StagingDirectory own) throws IOException {
        JournalBuilder steps = new JournalBuilder(own);
        if (mode != OutputMode.ERROR) {
            steps.remove(ownBadRows(), List.of(), JournalBuilder::isData);
        }
        steps.write(QuarantinePlace.MARK);
        steps.move(ownBadRows(), JournalBuilder::isData);
        return steps.build(own.target().toString());
    }

    private boolean isEmpty() throws IOException {
        return publication.newest() == 0
                && Storage.entries(files, place.target()).isEmpty();
    }

    /** Deletes what is staged, unless the journal is committed. */
    public void abandon() throws IOException {
        if (proposed > 0 && publication.isCommitted(proposed, id)) {
            return;
        }
        place.abandon();
        if (badRows.isPresent()) {
            badRows.get().abandon();
        }
        if (together.isPresent()) {
            together.get().abandon();
        }
    }
}
