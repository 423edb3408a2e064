package sluice.job.state;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.message.UnfinishedException;
import sluice.job.storage.Journal;
import sluice.job.storage.Publication;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;

/**
 * The directory of carried states: {@code version=1, 2, 3, ...}, of which the newest one holds. A version has rows of its own, and names
 * the earlier ones whose rows it is read from as well; none is ever changed. So a run writes what is new, and not all keys that there are.
 *
 * <p>A version is moved in by the {@link Journal} of the output whose scores belong to it. That lies beside the output, which may be
 * another one every night: so a note in {@code _sluice} says where, from before it is decided until the version is in its place.
 */
public final class StateStore {
    private static final Logger LOG = LoggerFactory.getLogger(StateStore.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NOTES = "_sluice";
    private static final Pattern NOTE = Pattern.compile("publishing-([1-9][0-9]{0,17})-.*\\.json");

    private final String given;
    private final FileSystem files;
    private final Path path;
    private final Configuration hadoop;

    private StateStore(String given, FileSystem files, Path path, Configuration hadoop) {
        this.given = given;
        this.files = files;
        this.path = path;
        this.hadoop = hadoop;
    }

    /** @throws RefusedException where no such directory can be, or there is one that holds something else */
    public static StateStore at(String given, Configuration hadoop) {
        FileSystem files = Storage.of(given, "state.path", hadoop);
        StateStore table = new StateStore(given, files, files.makeQualified(new Path(given)), hadoop);
        table.requireFree();
        return table;
    }

    private void requireFree() {
        try {
            if (path.getParent() == null
                    || (files.exists(path) && !files.getFileStatus(path).isDirectory())) {
                throw new RefusedException("%s: is no directory that could be made; check state.path".formatted(given));
            }
            for (FileStatus entry : Storage.entries(files, path)) {
                String name = entry.getPath().getName();
                if (StateVersion.number(name) == 0 && !name.startsWith("_") && !name.startsWith(".")) {
                    throw new RefusedException(
                            "%s: holds '%s', expected nothing but version=1, version=2, ... of carried states; check state.path"
                                    .formatted(given, name));
                }
            }
        } catch (IOException e) {
            throw new RefusedException(
                    "%s: can't be listed: %s; check state.path".formatted(given, Failure.firstLine(e.getMessage())), e);
        }
    }

    /** As the user has given it. */
    @Override
    public String toString() {
        return given;
    }

    Path path() {
        return path;
    }

    FileSystem files() {
        return files;
    }

    /** The numbers of all versions that there are, complete or not, the oldest first. */
    List<Long> versions() throws IOException {
        return Storage.entries(files, path).stream()
                .map(entry -> StateVersion.number(entry.getPath().getName()))
                .filter(number -> number > 0)
                .sorted()
                .toList();
    }

    /** The number of the newest version, or 0. */
    long newest() throws IOException {
        List<Long> versions = versions();
        return versions.isEmpty() ? 0 : versions.get(versions.size() - 1);
    }

    /** @throws RefusedException where it is not there, or not complete */
    StateVersion read(long number) throws IOException {
        StateManifest manifest = manifest(number);
        List<StatePart> parts = new ArrayList<>();
        for (long earlier : manifest.earlier()) {
            parts.add(part(earlier, manifest(earlier, number)));
        }
        if (manifest.rows() > 0) {
            parts.add(part(number, manifest));
        }
        return new StateVersion(number, directory(number), manifest, List.copyOf(parts));
    }

    private StatePart part(long number, StateManifest manifest) {
        long bytes =
                manifest.files().values().stream().mapToLong(Long::longValue).sum();
        return new StatePart(number, directory(number), manifest.rows(), bytes);
    }

    private Path directory(long number) {
        return new Path(path, StateVersion.name(number));
    }

    /**
     * What a version tells of itself, whatever has become of the earlier ones.
     *
     * @throws RefusedException where it is not there, or its own files are not complete
     */
    StateManifest manifest(long number) throws IOException {
        return manifest(number, number);
    }

    /** @param reader the version that is read */
    private StateManifest manifest(long number, long reader) throws IOException {
        StateManifest manifest;
        try (InputStream stream = files.open(new Path(directory(number), StateVersion.MANIFEST))) {
            manifest = StateManifest.read(stream.readAllBytes());
        } catch (FileNotFoundException e) {
            throw damaged(number, reader, "it has no " + StateVersion.MANIFEST, e);
        } catch (IOException e) {
            throw damaged(
                    number,
                    reader,
                    "its %s is not readable: %s".formatted(StateVersion.MANIFEST, Failure.firstLine(e.getMessage())),
                    e);
        }
        Map<String, Long> there = dataFiles(directory(number));
        manifest.files().forEach((name, bytes) -> {
            Long found = there.get(name);
            if (found == null || !found.equals(bytes)) {
                throw damaged(
                        number,
                        reader,
                        "its file %s %s, expected %,d bytes"
                                .formatted(name, found == null ? "is gone" : "has %,d bytes".formatted(found), bytes),
                        null);
            }
        });
        if (there.size() > manifest.files().size()) {
            there.keySet().removeAll(manifest.files().keySet());
            throw damaged(
                    number, reader, "it holds %s, which its manifest doesn't know".formatted(there.keySet()), null);
        }
        return manifest;
    }

    /** What a reader of a version's directory sees: names and bytes. */
    Map<String, Long> dataFiles(Path version) throws IOException {
        Map<String, Long> found = new TreeMap<>();
        for (FileStatus entry : Storage.entries(files, version)) {
            String name = entry.getPath().getName();
            if (!name.startsWith("_") && !name.startsWith(".")) {
                found.put(name, entry.getLen());
            }
        }
        return found;
    }

    private RefusedException damaged(long number, long reader, String what, Exception cause) {
        return new RefusedException(
                "%s/%s: is damaged: %s; bring that back from a copy%s"
                        .formatted(
                                given,
                                StateVersion.name(number),
                                what,
                                number == reader
                                        ? ", or move it away, and the newest version before it holds, which lacks what came since"
                                        : ": version %d is read from it, too".formatted(reader)),
                cause);
    }

    /**
     * Finishes what runs have left that were ended while they showed their scores and states.
     *
     * @return a sentence about each
     * @throws UnfinishedException where one can't be finished
     */
    public List<String> finishAll() throws IOException {
        List<String> sentences = new ArrayList<>();
        for (Note note : notes()) {
            if (note.journal() != null && Publication.finish(note.journal(), note.output(), hadoop)) {
                sentences.add(
                        "%s: a run had ended while it moved its states here, and its scores to %s; that is finished now"
                                .formatted(given, note.output()));
            }
            if (note.version() <= newest()) {
                files.delete(note.file(), false);
            }
        }
        return sentences;
    }

    /** Where the journal lies that will move a version in, if it is decided; null where the note was not written to its end. */
    private record Note(Path file, long version, Path journal, Path output) {
        boolean isDecided(Configuration hadoop) throws IOException {
            return journal != null && journal.getFileSystem(hadoop).exists(journal);
        }
    }

    private List<Note> notes() throws IOException {
        List<Note> notes = new ArrayList<>();
        for (FileStatus entry : Storage.entries(files, new Path(path, NOTES))) {
            Matcher name = NOTE.matcher(entry.getPath().getName());
            if (name.matches()) {
                notes.add(read(entry.getPath(), Long.parseLong(name.group(1))));
            }
        }
        return notes;
    }

    private Note read(Path file, long version) throws IOException {
        try (InputStream stream = files.open(file)) {
            JsonNode note = JSON.readTree(stream.readAllBytes());
            if (note.hasNonNull("journal")) {
                return new Note(
                        file,
                        version,
                        new Path(note.path("journal").asText()),
                        new Path(note.path("output").asText()));
            }
        } catch (FileNotFoundException | JsonProcessingException e) { // then nothing was decided, or all is done
            LOG.debug("{}: is no note of a journal: {}", file, e.getMessage());
        }
        return new Note(file, version, null, null);
    }

    /** The path, in this table, of the note of a run that makes a version. */
    static String note(long version, String id) {
        return NOTES + "/publishing-%d-%s.json".formatted(version, id);
    }

    /**
     * Leaves a note of a journal that is about to be decided.
     *
     * @throws IOException where another run has made this version, or is about to
     */
    void announce(String id, long version, Path journal, Path output) throws IOException {
        boolean isTaken = newest() >= version;
        for (Note note : notes()) {
            isTaken |= note.version() >= version && note.isDecided(hadoop);
        }
        if (isTaken) {
            throw new IOException(
                    "%s: another run has made version %d while this one was scoring; run this one again, and one at a time"
                            .formatted(given, version));
        }
        Map<String, Object> note = new LinkedHashMap<>();
        note.put("journal", journal.toString());
        note.put("output", output.toString());
        SmallFile.write(files, new Path(path, note(version, id)), SmallFile.json(note));
    }

    /** Takes a note back, and what was made for it. */
    void withdraw(long version, String id) throws IOException {
        Path note = new Path(path, note(version, id));
        files.delete(note, false);
        for (Path directory : Arrays.asList(note.getParent(), path)) {
            if (files.exists(directory) && files.listStatus(directory).length == 0) {
                files.delete(directory, false);
            }
        }
    }

    /**
     * Removes versions that nobody needs any more: all but the newest ones, the one that the newest was made from, and those that any of
     * these is read from.
     *
     * @param keep how many stay at least
     */
    void retain(int keep) {
        try {
            List<Long> versions = versions();
            int old = Math.max(0, versions.size() - keep);
            Set<Long> needed = new TreeSet<>(versions.subList(old, versions.size()));
            if (old > 0) {
                needed.add(manifest(newest()).previous());
            }
            for (long number : List.copyOf(needed)) {
                if (old > 0 && versions.contains(number)) {
                    needed.addAll(manifest(number).earlier());
                }
            }
            for (long number : versions) {
                if (!needed.contains(number)) {
                    files.delete(directory(number), true);
                }
            }
        } catch (IOException | RefusedException e) {
            LOG.warn("{}: old versions could not be removed: {}; the next run tries it again", given, e.getMessage());
        }
    }
}
