package sluice.job.state;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.message.RefusedException;
import sluice.job.message.UnfinishedException;
import sluice.job.storage.Journal;
import sluice.job.storage.Publication;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;

/**
 * Notes in a state store that say which publication makes a version. The {@link Journal} lies beside the output whose scores belong to
 * the version, and each run may write to another output. A note is created before its journal, and is removed after the version is in
 * its place, so that a run on the store finds journals that a killed run left.
 *
 * <p>The notes of a version are numbered. A run creates the next one only after it has prevented the publications of all earlier ones, so
 * a version is made once.
 */
final class PublicationNotes {
    private static final String DIRECTORY = "_sluice";
    private static final Pattern NAME = Pattern.compile("publication-([1-9][0-9]{0,17})-([1-9][0-9]{0,8})\\.json");
    private static final Pattern DRAFT = Pattern.compile("\\.publication-([1-9][0-9]{0,17})-.*");
    private static final Pattern EARLIER_VERSION = Pattern.compile("publishing-.*\\.json");
    private static final int MOST_TRIES = 1_000;

    private final StateStore store;

    PublicationNotes(StateStore store) {
        this.store = store;
    }

    /** Path of a note, relative to the store. */
    private static String name(long version, int attempt) {
        return String.format(Locale.ROOT, "%s/publication-%d-%d.json", DIRECTORY, version, attempt);
    }

    /**
     * The content of a note.
     *
     * @param id of the publication
     * @param output the output that is published with the version
     * @param number of the publication in that output
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Links(
            @JsonProperty(value = "id", required = true) String id,
            @JsonProperty(value = "output", required = true) String output,
            @JsonProperty(value = "number", required = true) long number) {}

    private record Note(String path, long version, int attempt, Links links) {}

    private Publication publication(Note note) throws IOException {
        Path output = Storage.path(note.links().output(), "state.path");
        return Publication.of(output, Storage.of(output, store.hadoop()), store.hadoop());
    }

    /** The notes of all versions, in the order of their numbers. */
    private List<Note> all() throws IOException {
        List<Note> notes = new ArrayList<>();
        for (FileStatus entry : Storage.entries(store.files(), new Path(store.path(), DIRECTORY))) {
            Matcher name = NAME.matcher(entry.getPath().getName());
            if (EARLIER_VERSION.matcher(entry.getPath().getName()).matches()) {
                throw new RefusedException(String.format(
                        Locale.ROOT,
                        "%s: a run of an earlier version ended while it published states here, and only that version can finish it: repeat the run with that version; its note is %s",
                        store,
                        entry.getPath()));
            }
            if (name.matches()) {
                read(Long.parseLong(name.group(1)), Integer.parseInt(name.group(2)))
                        .ifPresent(notes::add);
            }
        }
        notes.sort(Comparator.comparingLong(Note::version).thenComparing(Note::attempt));
        return notes;
    }

    private Optional<Note> read(long version, int attempt) throws IOException {
        String path = name(version, attempt);
        return SmallFile.read(store.files(), new Path(store.path(), path), store + "/" + path, Links.class)
                .map(links -> new Note(path, version, attempt, links));
    }

    /** The notes of a version. A listing may not show the last ones yet. */
    private List<Note> of(long version) throws IOException {
        List<Note> notes = new ArrayList<>(
                all().stream().filter(note -> note.version() == version).toList());
        int next = nextAttempt(notes);
        Optional<Note> more = read(version, next);
        while (more.isPresent()) {
            notes.add(more.get());
            more = read(version, ++next);
        }
        return notes;
    }

    private static int nextAttempt(List<Note> notes) {
        return notes.isEmpty() ? 1 : notes.get(notes.size() - 1).attempt() + 1;
    }

    /**
     * Creates the note of a journal that is about to be created, and prevents publications of the same version that are not committed.
     *
     * @param id of the publication
     * @param number of the publication in the output
     * @return path of the note, relative to the store
     * @throws IOException if another run has made this version, or has committed it
     */
    String announce(String id, long version, long number, Path output) throws IOException {
        FileSystem files = store.files();
        byte[] json = SmallFile.json(new Links(id, output.toString(), number));
        for (int tries = 0; tries < MOST_TRIES; tries++) {
            List<Note> notes = of(version);
            for (Note note : notes) {
                boolean isOwn = note.links().id().equals(id);
                if (!isOwn
                        && publication(note)
                                .decide(note.links().number(), note.links().id())) {
                    throw taken(version);
                }
            }
            if (store.newest() >= version) {
                throw taken(version);
            }
            String path = name(version, nextAttempt(notes));
            Path file = new Path(store.path(), path);
            files.mkdirs(file.getParent());
            if (store.guarantees().create(file, json, new Path(file.getParent(), "." + file.getName() + "-" + id))
                    && isNext(version, notes)) {
                return path;
            }
        }
        throw new IOException(String.format(
                Locale.ROOT, "%s: other runs make versions all the time; repeat this run when they have ended", store));
    }

    /**
     * Whether a note was created right after those that were read before. Meanwhile another run may have made the version and removed its
     * note, so that the number was free again.
     */
    private boolean isNext(long version, List<Note> before) throws IOException {
        List<Note> now = of(version);
        return store.newest() < version && now.size() == before.size() + 1 && now.containsAll(before);
    }

    private IOException taken(long version) {
        return new IOException(String.format(
                Locale.ROOT,
                "%s: another run made version %d while this one was scoring; repeat this run, and do not run two at the same time",
                store,
                version));
    }

    /** Deletes the notes of a run that failed, and the directories that were created for them if they are empty. */
    void withdraw(String id, long version) throws IOException {
        FileSystem files = store.files();
        List<Note> notes = of(version);
        boolean isLast = !notes.isEmpty()
                && notes.stream().allMatch(note -> note.links().id().equals(id));
        if (!notes.isEmpty() && !isLast) {
            return; // another run has seen them; they are deleted when the version is made
        }
        for (Note note : notes) {
            files.delete(new Path(store.path(), note.path()), false);
        }
        for (Path directory : Arrays.asList(new Path(store.path(), DIRECTORY), store.path())) {
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
            Publication publication = publication(note);
            if (publication.isCommitted(note.links().number(), note.links().id()) && publication.finishPending() > 0) {
                sentences.add(String.format(
                        Locale.ROOT,
                        "%s: a run had ended while it published states here and scores to %s; the publication is finished now",
                        store,
                        note.links().output()));
            }
            if (note.version() <= store.newest()) {
                store.files().delete(new Path(store.path(), note.path()), false);
            }
        }
        deleteDrafts(store.newest());
        return sentences;
    }

    /** Deletes what processes left that were killed while they created a note. No process can make these versions any more. */
    private void deleteDrafts(long newest) throws IOException {
        for (FileStatus entry : Storage.entries(store.files(), new Path(store.path(), DIRECTORY))) {
            Matcher draft = DRAFT.matcher(entry.getPath().getName());
            if (draft.matches() && Long.parseLong(draft.group(1)) <= newest) {
                store.files().delete(entry.getPath(), false);
            }
        }
    }
}
