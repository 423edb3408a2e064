package sluice.job.state;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.output.PublishedTogether;
import sluice.job.storage.Journal;
import sluice.job.storage.SmallFile;
import sluice.job.storage.StagingDirectory;

/**
 * A version of the carried states in its staging directory, which lies beside the store under a hidden name. The {@link Journal} of the
 * output publishes it.
 */
final class StagedStates implements PublishedTogether {
    private static final String TASK_FILES = "task-files";

    private final StateStore store;
    private final long version;
    private final String id;
    private final StagingDirectory staging;
    private String note = ""; // path of the note in the store; empty before it is written

    private StagedStates(StateStore store, long version, String id) {
        this.store = store;
        this.version = version;
        this.id = id;
        this.staging = new StagingDirectory(store.files(), store.path(), id);
    }

    /**
     * @param id random id of the publication, as in the journal; not the run's name
     * @throws RefusedException if the staging directory can't be created
     */
    static StagedStates at(StateStore store, long version, String id) {
        StagedStates staged = new StagedStates(store, version, id);
        try {
            StagingDirectory.warnOfLeftovers(store.files(), store.path());
            staged.staging.tryOut(store.guarantees(), version == 1);
        } catch (IOException e) {
            throw new RefusedException(
                    "%s: can't be created: %s; check state.path".formatted(store, Failure.firstLine(e.getMessage())),
                    e);
        }
        return staged;
    }

    /** The directory that tasks write to. */
    Path taskFiles() {
        return new Path(staging.staging(), TASK_FILES);
    }

    /** The directory of the new version. */
    Path path() {
        return new Path(staging.staging(), StateVersion.name(version));
    }

    /** The directory of the new version after publication. */
    Path published() {
        return store.directory(version);
    }

    /** Moves files from {@link #taskFiles} into the version. */
    void take(List<String> names) throws IOException {
        FileSystem files = store.files();
        files.mkdirs(path());
        for (String name : names) {
            Path from = new Path(taskFiles(), name);
            if (!files.rename(from, new Path(path(), name))) {
                throw new IOException("%s: could not be renamed into %s".formatted(from, path()));
            }
        }
    }

    /** The files of the version: bytes by name. */
    Map<String, Long> files() throws IOException {
        return store.dataFiles(path());
    }

    /** Writes the manifest, which completes the version. */
    void write(StateManifest manifest) throws IOException {
        SmallFile.write(store.files(), new Path(path(), StateVersion.MANIFEST), manifest.json());
    }

    /** @throws IOException if another run has published this version, or has committed it */
    @Override
    public void announce(long number, Path output) throws IOException {
        note = new PublicationNotes(store).announce(id, version, number, output);
    }

    /** The steps of the journal for the version. They follow those of the scores, so that states are never ahead of scores. */
    @Override
    public Journal.Place steps() throws IOException {
        String directory = StateVersion.name(version);
        List<Journal.Step> steps = new ArrayList<>();
        if (store.guarantees().renamesDirectories()) {
            steps.add(new Journal.Step(Journal.Action.MOVE_DIRECTORY, directory));
        } else {
            for (String file : files().keySet()) {
                steps.add(new Journal.Step(Journal.Action.MOVE, directory + "/" + file));
            }
            steps.add(new Journal.Step(Journal.Action.MOVE, directory + "/" + StateVersion.MANIFEST));
        }
        steps.add(new Journal.Step(Journal.Action.REMOVE, note));
        return new Journal.Place(store.path().toString(), steps, List.of());
    }

    @Override
    public void abandon() throws IOException {
        staging.abandon();
        new PublicationNotes(store).withdraw(id, version);
    }
}
