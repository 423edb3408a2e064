package sluice.job.state;

import java.io.IOException;
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

/** A version of carried states that is made beside its table, under a hidden name, until the output's {@link Journal} moves it in. */
final class StagedStates implements PublishedTogether {
    private static final String TONIGHT = "tonight";

    private final StateStore table;
    private final long version;
    private final String id;
    private final StagingDirectory place;

    private StagedStates(StateStore table, long version, String id) {
        this.table = table;
        this.version = version;
        this.id = id;
        this.place = new StagingDirectory(table.files(), table.path(), id);
    }

    /**
     * @param id of the run, as in the journal
     * @throws RefusedException where nothing can be written
     */
    static StagedStates at(StateStore table, long version, String id) {
        StagedStates staged = new StagedStates(table, version, id);
        try {
            StagingDirectory.warnOfLeftovers(table.files(), table.path());
            if (!table.files().mkdirs(staged.place.staging())) {
                throw new IOException(
                        "no directory could be made in " + table.path().getParent());
            }
            table.files().delete(staged.place.staging(), true);
        } catch (IOException e) {
            throw new RefusedException(
                    "%s: can't be made: %s; check state.path".formatted(table, Failure.firstLine(e.getMessage())), e);
        }
        return staged;
    }

    /** Where tasks write the states of this run's rows. */
    Path tonight() {
        return new Path(place.staging(), TONIGHT);
    }

    /** Where the version is put together. */
    Path path() {
        return new Path(place.staging(), StateVersion.name(version));
    }

    /** Takes files of {@link #tonight} into the version. */
    void take(List<String> names) throws IOException {
        FileSystem files = table.files();
        files.mkdirs(path());
        for (String name : names) {
            Path from = new Path(tonight(), name);
            if (!files.rename(from, new Path(path(), name))) {
                throw new IOException("%s: could not be renamed into %s".formatted(from, path()));
            }
        }
    }

    /** The version's files, and their bytes. */
    Map<String, Long> files() throws IOException {
        return table.dataFiles(path());
    }

    /** From now on it is a whole version. */
    void write(StateManifest manifest) throws IOException {
        SmallFile.write(table.files(), new Path(path(), StateVersion.MANIFEST), manifest.json());
    }

    /**
     * Leaves word at the table of a journal that is about to be decided.
     *
     * @throws IOException where another run has made this version, or is about to
     */
    @Override
    public void announce(Path journal, Path output) throws IOException {
        table.announce(id, version, journal, output);
    }

    /** What the journal has to do for it: after the scores, so that the states are never ahead of them. */
    @Override
    public Journal.Place steps() {
        return new Journal.Place(
                table.path().toString(),
                List.of(new Journal.Move(StateVersion.name(version), false, "")),
                List.of(StateStore.note(version, id)),
                Map.of());
    }

    /** Leaves nothing behind. */
    @Override
    public void abandon() throws IOException {
        place.abandon();
        table.withdraw(version, id);
    }
}
