package sluice.job.state;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.storage.SmallFile;
import sluice.job.storage.Storage;
import sluice.job.storage.StoreGuarantees;

/**
 * The directory {@code state.path}: {@code version=1}, {@code version=2}, and so on. The newest version is the current one. A version
 * has a segment of its own and names the earlier versions whose segments belong to it, so a run writes only the keys that changed.
 */
final class StateStore {
    private static final Logger LOG = LoggerFactory.getLogger(StateStore.class);

    private final String given;
    private final FileSystem files;
    private final Path path;
    private final Configuration hadoop;
    private final StoreGuarantees guarantees;

    private StateStore(String given, FileSystem files, Path path, Configuration hadoop) throws IOException {
        this.given = given;
        this.files = files;
        this.path = path;
        this.hadoop = hadoop;
        this.guarantees = StoreGuarantees.of(files, path, hadoop);
    }

    /**
     * @param given the path as the user wrote it; the directory need not exist
     * @throws RefusedException if the path can't be a directory, or the directory holds anything but versions
     */
    static StateStore at(String given, Configuration hadoop) {
        FileSystem files = Storage.of(given, "state.path", hadoop);
        try {
            StateStore store = new StateStore(given, files, Storage.qualified(given, "state.path", hadoop), hadoop);
            store.requireOnlyVersions();
            return store;
        } catch (IOException e) {
            throw new RefusedException(
                    "%s: can't be listed: %s; check state.path".formatted(given, Failure.firstLine(e.getMessage())), e);
        }
    }

    private void requireOnlyVersions() throws IOException {
        if (path.getParent() == null
                || (files.exists(path) && !files.getFileStatus(path).isDirectory())) {
            throw new RefusedException(
                    "%s: not a directory, and can't be created as one; check state.path".formatted(given));
        }
        for (FileStatus entry : Storage.entries(files, path)) {
            String name = entry.getPath().getName();
            if (StateVersion.number(name) == 0 && !name.startsWith("_") && !name.startsWith(".")) {
                throw new RefusedException(
                        "%s: holds '%s', expected only version=1, version=2, ... of carried states; check state.path"
                                .formatted(given, name));
            }
        }
    }

    /** The path as the user wrote it. */
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

    Configuration hadoop() {
        return hadoop;
    }

    /** What is known of the file system. */
    StoreGuarantees guarantees() {
        return guarantees;
    }

    /** The numbers of all versions, complete or not, the oldest first. */
    List<Long> versions() throws IOException {
        return Storage.entries(files, path).stream()
                .map(entry -> StateVersion.number(entry.getPath().getName()))
                .filter(number -> number > 0)
                .sorted()
                .toList();
    }

    /** The number of the newest version; 0 if there is none. */
    long newest() throws IOException {
        List<Long> versions = versions();
        return versions.isEmpty() ? 0 : versions.get(versions.size() - 1);
    }

    /** @throws RefusedException if the version, or one that it needs, is missing or incomplete */
    StateVersion read(long number) throws IOException {
        StateManifest manifest = manifest(number);
        List<StateVersion.Segment> segments = new ArrayList<>();
        for (long earlier : manifest.earlier()) {
            segments.add(segment(earlier, manifest(earlier, number)));
        }
        if (manifest.rows() > 0) {
            segments.add(segment(number, manifest));
        }
        return new StateVersion(number, directory(number), manifest, List.copyOf(segments));
    }

    private StateVersion.Segment segment(long number, StateManifest manifest) {
        long bytes =
                manifest.files().values().stream().mapToLong(Long::longValue).sum();
        return new StateVersion.Segment(number, directory(number), manifest.rows(), bytes);
    }

    Path directory(long number) {
        return new Path(path, StateVersion.name(number));
    }

    /**
     * The manifest of a version, checked against the version's own files. Earlier versions are not checked.
     *
     * @throws RefusedException if the version is missing, or its own files are incomplete
     */
    StateManifest manifest(long number) throws IOException {
        return manifest(number, number);
    }

    /** @param reader the version that needs this one; {@code number} if it is read for itself */
    private StateManifest manifest(long number, long reader) throws IOException {
        StateManifest manifest;
        try {
            Optional<byte[]> json = SmallFile.read(files, new Path(directory(number), StateVersion.MANIFEST));
            if (json.isEmpty()) {
                throw damaged(number, reader, "it has no " + StateVersion.MANIFEST, null);
            }
            manifest = StateManifest.read(json.get());
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
                        String.format(
                                Locale.ROOT,
                                "its file %s %s, expected %,d bytes",
                                name,
                                found == null ? "is gone" : String.format(Locale.ROOT, "has %,d bytes", found),
                                bytes),
                        null);
            }
        });
        if (there.size() > manifest.files().size()) {
            there.keySet().removeAll(manifest.files().keySet());
            throw damaged(
                    number, reader, "it holds %s, which its manifest does not list".formatted(there.keySet()), null);
        }
        return manifest;
    }

    /** The visible files of a directory: bytes by name. */
    Map<String, Long> dataFiles(Path version) throws IOException {
        Map<String, Long> found = new TreeMap<>();
        for (FileStatus entry : Storage.entries(files, version)) {
            String name = entry.getPath().getName();
            if (!Storage.isHidden(name)) {
                found.put(name, entry.getLen());
            }
        }
        return found;
    }

    private RefusedException damaged(long number, long reader, String what, Exception cause) {
        return new RefusedException(
                "%s/%s: is damaged: %s; restore it from a backup%s"
                        .formatted(
                                given,
                                StateVersion.name(number),
                                what,
                                number == reader
                                        ? ", or move the version away to continue from the version before it, without the changes since"
                                        : String.format(Locale.ROOT, ": version %d needs it", reader)),
                cause);
    }

    /**
     * Deletes old versions. Kept are the newest ones, the version that the newest was made from, and each version whose segments belong to
     * one of these.
     *
     * @param keep the number of newest versions to keep
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
            LOG.warn("{}: old versions could not be deleted: {}; the next run tries again", given, e.getMessage());
        }
    }
}
