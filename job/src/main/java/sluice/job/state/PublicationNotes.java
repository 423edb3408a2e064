package sluice.job.state;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.message.UnfinishedException;
import sluice.job.storage.Journal;
import sluice.job.storage.Publication;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;

/**
 * Notes in a state store that say which journal publishes a version. The {@link Journal} lies beside the output whose scores belong to
 * the version, and each run may write to another output. A note is written before its journal is committed and is removed after the
 * version is in its place, so that a run on the store finds journals that a killed run left.
 */
final class PublicationNotes {
    private static final Logger LOG = LoggerFactory.getLogger(PublicationNotes.class);
    private static final String DIRECTORY = "_sluice";
    private static final Pattern NAME = Pattern.compile("publishing-([1-9][0-9]{0,17})-.*\\.json");

    private final StateStore store;

    PublicationNotes(StateStore store) {
        this.store = store;
    }

    /**
     * Path of the note of a publication, relative to the store.
     *
     * @param run id of the publication, not the run's name
     */
    static String name(long version, String run) {
        return DIRECTORY + String.format(Locale.ROOT, "/publishing-%d-%s.json", version, run);
    }

    /** The content of a note. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Links(
            @JsonProperty("journal") String journal,
            @JsonProperty("output") String output) {}

    /**
     * @param journal the journal that will publish the version; null if the note is incomplete, or removed by now
     * @param output the output that the journal publishes with it
     */
    private record Note(Path file, long version, Path journal, Path output) {}

    private boolean isCommitted(Note note) throws IOException {
        return note.journal() != null
                && note.journal().getFileSystem(store.hadoop()).exists(note.journal());
    }

    private List<Note> all() throws IOException {
        List<Note> notes = new ArrayList<>();
        for (FileStatus entry : Storage.entries(store.files(), new Path(store.path(), DIRECTORY))) {
            Matcher name = NAME.matcher(entry.getPath().getName());
            if (name.matches()) {
                notes.add(read(entry.getPath(), Long.parseLong(name.group(1))));
            }
        }
        return notes;
    }

    private Note read(Path file, long version) throws IOException {
        try {
            Optional<byte[]> json = SmallFile.read(store.files(), file);
            Links links = json.isPresent() ? SmallFile.parse(json.get(), Links.class) : new Links(null, null);
            if (links.journal() != null) {
                return new Note(file, version, new Path(links.journal()), new Path(links.output()));
            }
        } catch (JsonProcessingException e) { // the write was interrupted
            LOG.debug("{}: not a complete note: {}", file, e.getMessage());
        }
        return new Note(file, version, null, null);
    }

    /**
     * Writes the note of a journal that is about to be committed.
     *
     * @param run id of the publication, not the run's name
     * @throws IOException if another run has published this version, or has committed it
     */
    void announce(String run, long version, Path journal, Path output) throws IOException {
        boolean isTaken = store.newest() >= version;
        for (Note note : all()) {
            isTaken |= note.version() >= version && isCommitted(note);
        }
        if (isTaken) {
            throw new IOException(String.format(
                    Locale.ROOT,
                    "%s: another run made version %d while this one was scoring; repeat this run, and do not run two at the same time",
                    store,
                    version));
        }
        Links links = new Links(journal.toString(), output.toString());
        SmallFile.write(store.files(), new Path(store.path(), name(version, run)), SmallFile.json(links));
    }

    /** Deletes the note of a run that failed, and the directories that were created for the note if they are empty. */
    void withdraw(String run, long version) throws IOException {
        FileSystem files = store.files();
        Path note = new Path(store.path(), name(version, run));
        files.delete(note, false);
        for (Path directory : Arrays.asList(note.getParent(), store.path())) {
            if (files.exists(directory) && files.listStatus(directory).length == 0) {
                files.delete(directory, false);
            }
        }
    }

    /**
     * Finishes the publications of runs that were killed after they committed, and deletes notes that are no longer needed.
     *
     * @return a sentence about each publication that was finished
     * @throws UnfinishedException if a publication can't be finished
     */
    List<String> finishAll() throws IOException {
        List<String> sentences = new ArrayList<>();
        for (Note note : all()) {
            if (note.journal() != null && Publication.finish(note.journal(), note.output(), store.hadoop())) {
                sentences.add(
                        "%s: a run had ended while it published states here and scores to %s; the publication is finished now"
                                .formatted(store, note.output()));
            }
            if (note.version() <= store.newest()) {
                store.files().delete(note.file(), false);
            }
        }
        return sentences;
    }
}
