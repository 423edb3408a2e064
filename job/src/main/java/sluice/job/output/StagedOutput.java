package sluice.job.output;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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
 * The place where a table is written before it is shown. All files go to a hidden directory beside the target; when everything is
 * complete, a {@link Publication} moves them: the whole directory with one rename where it is a new table or replaces the old one, file
 * by file where it is appended, partition by partition where it replaces some of them.
 */
public final class StagedOutput {
    private static final Logger LOG = LoggerFactory.getLogger(StagedOutput.class);
    private static final String DRAFT = "_publishing.json";

    private final FileSystem files;
    private final StagingDirectory place;
    private final OutputMode mode;
    private final int partitionLevels;
    private final Optional<String> whole; // the one partition that it replaces, whatever was in it
    private final RunName run;
    private final Publication publication;
    private final Optional<StagingDirectory> badRows; // where they go to a place of their own
    private final String id;
    private final Set<String> texts = new LinkedHashSet<>(); // small files of the run's own
    private Optional<PublishedTogether> together = Optional.empty();

    private StagedOutput(
            FileSystem files,
            Path target,
            OutputMode mode,
            int partitionLevels,
            Optional<String> whole,
            RunName run,
            Optional<Path> badRows,
            Configuration hadoop)
            throws IOException {
        this.id = UUID.randomUUID().toString();
        this.files = files;
        this.place = new StagingDirectory(files, target, id);
        this.mode = mode;
        this.partitionLevels = partitionLevels;
        this.whole = whole;
        this.run = run;
        this.publication = Publication.of(target, id, files, hadoop);
        this.badRows = badRows.isEmpty()
                ? Optional.empty()
                : Optional.of(new StagingDirectory(badRows.get().getFileSystem(hadoop), badRows.get(), id));
    }

    /**
     * @param run what the run's own files are called
     * @throws RefusedException where the target exists and may not be replaced, or can't be made
     */
    public static StagedOutput at(
            Settings.Output settings, Optional<String> badRows, RunName run, Configuration hadoop) {
        return at(settings, badRows, run, Optional.empty(), hadoop);
    }

    /**
     * The same for a run whose rows are all of one partition.
     *
     * @param whole its path; all that is in it is replaced, by nothing where there are no rows
     */
    public static StagedOutput at(
            Settings.Output settings,
            Optional<String> badRows,
            RunName run,
            Optional<String> whole,
            Configuration hadoop) {
        String path = settings.path();
        FileSystem files = Storage.of(path, "--output", hadoop);
        Path target = files.makeQualified(new Path(path));
        if (target.getParent() == null) {
            throw new RefusedException("%s: is the root of its file system; check --output".formatted(path));
        }
        Optional<Path> badRowsPlace = badRows.map(
                given -> QuarantinePlace.resolve(given, settings.mode(), hadoop).outside(target));
        try {
            StagedOutput output = new StagedOutput(
                    files, target, settings.mode(), settings.partitionBy().size(), whole, run, badRowsPlace, hadoop);
            output.requireFree(path);
            output.requireWritable();
            StagingDirectory.warnOfLeftovers(files, target);
            return output;
        } catch (IOException e) {
            throw new RefusedException(
                    "%s: can't be made: %s; check --output".formatted(path, Failure.firstLine(e.getMessage())), e);
        }
    }

    private void requireFree(String path) throws IOException {
        if (!files.exists(place.target())) {
            return;
        }
        if (!files.getFileStatus(place.target()).isDirectory()) {
            throw new RefusedException("%s: is a file, expected a directory to make; check --output".formatted(path));
        }
        if (mode == OutputMode.ERROR && !isEmpty()) {
            throw new RefusedException(
                    "%s: exists already; choose another --output, or replace it with --mode overwrite".formatted(path));
        }
    }

    /** Makes and removes the staging directory: better to know now than after the first task. */
    private void requireWritable() throws IOException {
        if (!files.mkdirs(place.staging())) {
            throw new IOException(
                    "no directory could be made in " + place.staging().getParent());
        }
        files.delete(place.staging(), true);
    }

    /** Stages something that this output's journal publishes together with it; {@code stage} is given the run's id. */
    public <T extends PublishedTogether> T publishTogether(Function<String, T> stage) {
        T staged = stage.apply(id);
        together = Optional.of(staged);
        return staged;
    }

    /** Where to write. */
    String path() {
        return place.staging().toString();
    }

    /** Where to write what goes beside the table. */
    String path(String name) {
        return new Path(place.staging(), name).toString();
    }

    /** Where to write the rows that couldn't be scored. */
    String stagedBadRows() {
        return badRows.isPresent() ? in(badRows.get().staging(), ownBadRows()).toString() : path(insideBadRows());
    }

    /** Where they will be: within the output, or the whole path. */
    String badRowsPath() {
        return badRows.isPresent() ? in(badRows.get().target(), ownBadRows()).toString() : insideBadRows();
    }

    private String ownBadRows() {
        return mode.keepsOthers() ? run.partition() : "";
    }

    private String insideBadRows() {
        return mode.keepsOthers() ? RunReport.BAD_ROWS + "/" + run.partition() : RunReport.BAD_ROWS;
    }

    private static Path in(Path directory, String path) {
        return path.isEmpty() ? directory : new Path(directory, path);
    }

    /** Where the table will be. */
    Path target() {
        return place.target();
    }

    /** Writes a small file beside the table's own, in a directory that readers of the table pass over. */
    public void write(String name, byte[] content) throws IOException {
        SmallFile.write(files, new Path(place.staging(), name), content);
    }

    /** Puts the run's report into the output, as the last one's and under the run's own name. */
    public void writeReport(byte[] report) throws IOException {
        writeText(run.report(), report);
        writeText(RunReport.FILE, report);
    }

    /** Puts a small file into the output, over one of the same name. */
    public void writeText(String name, byte[] content) throws IOException {
        write(name, content);
        texts.add(name);
    }

    /**
     * Shows the table: from now on it is the output.
     *
     * @throws IOException where it could not be decided; then nothing has changed
     * @throws UnfinishedException where it is decided, and not done
     */
    public void publish() throws IOException {
        if (!files.exists(place.staging())) {
            throw new IOException("%s: was taken away while this run was writing".formatted(place.staging()));
        }
        boolean isNew = isEmpty();
        if (mode == OutputMode.ERROR && !isNew) {
            throw new IOException("%s: was made by somebody else while this run was writing".formatted(place.target()));
        }
        List<Journal.Place> places = new ArrayList<>();
        if (badRows.isPresent()) {
            places.add(badRowsSteps(badRows.get()));
        }
        places.add(mode.keepsOthers() && !isNew ? stepsWithin() : steps());
        if (together.isPresent()) {
            places.add(together.get().steps());
            together.get().announce(publication.file(), place.target());
        }
        publication.commit(new Journal(id, places), new Path(place.staging(), DRAFT));
        publication.finish();
    }

    /** The whole directory. */
    private Journal.Place steps() throws IOException {
        return new Journal.Place(
                place.target().getName(),
                List.of(move(files, place, "", mode == OutputMode.OVERWRITE)),
                List.of(),
                Map.of());
    }

    /** What goes among what is there. */
    private Journal.Place stepsWithin() throws IOException {
        List<Journal.Move> moves = new ArrayList<>();
        List<String> removals = new ArrayList<>();
        if (whole.isPresent()) {
            addWhole(whole.get(), moves, removals);
        } else if (mode == OutputMode.APPEND) {
            addFiles("", moves);
        } else {
            addPartitions("", partitionLevels, moves);
        }
        if (badRows.isEmpty() && files.exists(new Path(place.staging(), insideBadRows()))) {
            moves.add(move(files, place, insideBadRows(), true));
        } else if (badRows.isEmpty()) {
            removals.add(insideBadRows()); // of a run of the same name
        }
        Map<String, String> written = new LinkedHashMap<>();
        for (String name : texts) {
            text(name).ifPresent(text -> written.put(name, text));
        }
        return new Journal.Place(place.target().getName(), moves, removals, written);
    }

    private Journal.Place badRowsSteps(StagingDirectory bad) throws IOException {
        FileSystem theirs = bad.files();
        String path = ownBadRows();
        List<Journal.Move> moves = new ArrayList<>();
        List<String> removals = new ArrayList<>();
        if (theirs.exists(in(bad.staging(), path))) {
            moves.add(move(theirs, bad, path, mode != OutputMode.ERROR));
        } else if (mode != OutputMode.ERROR) {
            removals.add(path);
        }
        return new Journal.Place(bad.target().toString(), moves, removals, Map.of());
    }

    private Optional<String> text(String name) throws IOException {
        return SmallFile.read(files, new Path(place.staging(), name))
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    }

    private void addFiles(String directory, List<Journal.Move> moves) throws IOException {
        for (FileStatus entry : shown(files, in(place.staging(), directory))) {
            String path = join(directory, entry);
            if (entry.isDirectory()) {
                addFiles(path, moves);
            } else {
                moves.add(new Journal.Move(path, false, ""));
            }
        }
    }

    private void addPartitions(String directory, int levels, List<Journal.Move> moves) throws IOException {
        for (FileStatus entry : shown(files, in(place.staging(), directory))) {
            if (!entry.isDirectory()) {
                continue;
            }
            String path = join(directory, entry);
            if (levels == 1) {
                moves.add(move(files, place, path, true));
            } else {
                addPartitions(path, levels - 1, moves);
            }
        }
    }

    private void addWhole(String partition, List<Journal.Move> moves, List<String> removals) throws IOException {
        if (files.exists(new Path(place.staging(), partition))) {
            moves.add(move(files, place, partition, true));
        } else {
            removals.add(partition);
        }
    }

    private static String join(String directory, FileStatus entry) {
        String name = entry.getPath().getName();
        return directory.isEmpty() ? name : directory + "/" + name;
    }

    /** What readers of a table see in a directory, in the order of names. */
    private static List<FileStatus> shown(FileSystem files, Path directory) throws IOException {
        return Arrays.stream(files.listStatus(directory))
                .filter(entry -> !WrittenTable.isHidden(entry.getPath().getName()))
                .sorted()
                .toList();
    }

    private static Journal.Move move(FileSystem files, StagingDirectory from, String path, boolean replaces)
            throws IOException {
        return new Journal.Move(
                path, replaces, firstFile(files, in(from.staging(), path), "").orElse(""));
    }

    /** The path of a data file: the name that Spark gives it is nobody else's. */
    private static Optional<String> firstFile(FileSystem files, Path directory, String path) throws IOException {
        for (FileStatus entry : shown(files, in(directory, path))) {
            String below = join(path, entry);
            Optional<String> found = entry.isDirectory() ? firstFile(files, directory, below) : Optional.of(below);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private boolean isEmpty() throws IOException {
        return !files.exists(place.target()) || files.listStatus(place.target()).length == 0;
    }

    /** Leaves nothing behind, unless it is decided that it shall be shown. */
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
