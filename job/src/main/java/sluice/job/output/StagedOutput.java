package sluice.job.output;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
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
import sluice.job.report.RunName;
import sluice.job.report.RunReport;
import sluice.job.settings.OutputMode;
import sluice.job.settings.Settings;
import sluice.job.storage.Journal;
import sluice.job.storage.Publication;
import sluice.job.storage.SmallFile;
import sluice.job.storage.StagingDirectory;
import sluice.job.storage.Storage;

/**
 * The staging directory of an output, and its publication. All files are written to a hidden directory beside the target. When they are
 * complete, a {@link Publication} moves them: the whole directory with one rename if the table is new or replaced, single files if
 * rows are appended, single partitions if some are replaced.
 */
public final class StagedOutput {
    private static final String JOURNAL_DRAFT = "_publishing.json";

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
    private Optional<PublishedTogether> together = Optional.empty();
    private List<String> superseded = List.of(); // partitions to remove

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
        this.files = files;
        this.place = new StagingDirectory(files, target, id);
        this.mode = mode;
        this.partitionLevels = partitionLevels;
        this.partition = partition;
        this.run = run;
        this.publication = Publication.of(target, id, files, hadoop);
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
            output.requireWritable();
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

    /** Creates and deletes the staging directory, so that missing permissions are reported before the first task. */
    private void requireWritable() throws IOException {
        if (!files.mkdirs(place.staging())) {
            throw new IOException(
                    "no directory could be made in " + place.staging().getParent());
        }
        files.delete(place.staging(), true);
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
    String path() {
        return place.staging().toString();
    }

    /** The directory to write the bad rows to. */
    String stagedBadRows() {
        return badRows.isPresent()
                ? JournalBuilder.in(badRows.get().staging(), ownBadRows()).toString()
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
        return badRows.isPresent()
                ? JournalBuilder.in(badRows.get().target(), ownBadRows()).toString()
                : insideBadRows();
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

    /** Stages a small file that belongs to the table; Spark ignores it if its name begins with {@code _} or a dot. */
    public void write(String name, byte[] content) throws IOException {
        SmallFile.write(files, new Path(place.staging(), name), content);
    }

    /** Stages the run's report twice: as the latest report and under the run's name. */
    public void writeReport(byte[] report) throws IOException {
        writeText(run.report(), report);
        writeText(RunReport.FILE, report);
    }

    /** Stages a small file that replaces one of the same name in the output. */
    public void writeText(String name, byte[] content) throws IOException {
        write(name, content);
        texts.add(name);
    }

    /**
     * Makes the staged files visible.
     *
     * @throws IOException if the journal could not be committed; then the output is unchanged
     * @throws UnfinishedException if the journal is committed, and a step failed
     */
    public void publish() throws IOException {
        if (!files.exists(place.staging())) {
            throw new IOException("%s: was removed by another process during this run".formatted(place.staging()));
        }
        boolean isNew = isEmpty();
        if (mode == OutputMode.ERROR && !isNew) {
            throw new IOException("%s: was created by another process during this run".formatted(place.target()));
        }
        List<Journal.Place> places = new ArrayList<>();
        if (badRows.isPresent()) {
            places.add(badRowsSteps(badRows.get()));
        }
        places.add(mode.keepsOthers() && !isNew ? stepsWithin() : wholeDirectory());
        if (together.isPresent()) {
            places.add(together.get().steps());
            together.get().announce(publication.file(), place.target());
        }
        publication.commit(new Journal(id, places), new Path(place.staging(), JOURNAL_DRAFT));
        publication.finish();
    }

    private Journal.Place wholeDirectory() throws IOException {
        JournalBuilder steps = new JournalBuilder(place);
        steps.move("", mode == OutputMode.OVERWRITE);
        return steps.build(place.target().getName());
    }

    /** Steps that leave the rest of the existing output as it is. */
    private Journal.Place stepsWithin() throws IOException {
        JournalBuilder steps = new JournalBuilder(place);
        if (partition.isPresent()) {
            steps.replace(partition.get());
        } else if (mode == OutputMode.APPEND) {
            steps.addFiles("");
        } else {
            steps.replacePartitions("", partitionLevels);
            for (String path : superseded) {
                steps.replace(path);
            }
        }
        if (badRows.isEmpty()) {
            steps.replace(insideBadRows()); // an earlier run may have had the same name
        }
        for (String name : texts) {
            steps.write(name);
        }
        return steps.build(place.target().getName());
    }

    private Journal.Place badRowsSteps(StagingDirectory own) throws IOException {
        JournalBuilder steps = new JournalBuilder(own);
        if (mode == OutputMode.ERROR) {
            steps.moveIfStaged(ownBadRows());
        } else {
            steps.replace(ownBadRows());
        }
        if (mode.keepsOthers()) {
            steps.write(QuarantinePlace.MARK);
        }
        return steps.build(own.target().toString());
    }

    private boolean isEmpty() throws IOException {
        return !files.exists(place.target()) || files.listStatus(place.target()).length == 0;
    }

    /** Deletes what is staged, unless the journal is committed. */
    public void abandon() throws IOException {
        if (publication.isCommitted()) {
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
