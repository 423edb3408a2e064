package sluice.job.output;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.storage.Journal;
import sluice.job.storage.SmallFile;
import sluice.job.storage.StagingDirectory;
import sluice.job.storage.Storage;

/**
 * Collects the journal steps that publish a run's staged files in one target directory. Each file has the same relative path in the
 * staging directory and in the target. Old files are removed before new ones are moved in, so that a reader never sees both.
 */
final class JournalBuilder {
    private final StagingDirectory place;
    private final List<Journal.Step> steps = new ArrayList<>();
    private final List<String> added = new ArrayList<>();
    private final Map<String, String> texts = new LinkedHashMap<>();

    JournalBuilder(StagingDirectory place) {
        this.place = place;
    }

    /** Moves the staging directory as a whole to a target that doesn't exist. */
    void moveTarget() throws IOException {
        added.addAll(files(place.staging(), "", JournalBuilder::isData));
        steps.add(new Journal.Step(Journal.Action.MOVE_DIRECTORY, ""));
    }

    /** Replaces the target as a whole. */
    void replaceTarget() throws IOException {
        added.addAll(files(place.staging(), "", JournalBuilder::isData));
        steps.add(new Journal.Step(Journal.Action.REPLACE_TARGET, ""));
    }

    /**
     * Moves all staged files below a directory.
     *
     * @param wanted paths of files and of directories to look at
     */
    void move(String directory, Predicate<String> wanted) throws IOException {
        for (String file : files(place.staging(), directory, wanted)) {
            steps.add(new Journal.Step(Journal.Action.MOVE, file));
            added.add(file);
        }
    }

    /**
     * Removes all files of the target below a directory.
     *
     * @param also files that a listing may not show yet
     */
    void remove(String directory, Collection<String> also, Predicate<String> wanted) throws IOException {
        Set<String> old = new LinkedHashSet<>(files(place.target(), directory, wanted));
        for (String file : also) {
            if (directory.isEmpty() || file.startsWith(directory + "/")) {
                old.add(file);
            }
        }
        old.forEach(file -> steps.add(new Journal.Step(Journal.Action.REMOVE, file)));
    }

    /** Replaces the files below a directory by the staged ones, if there are any. */
    void replace(String directory, Collection<String> also, Predicate<String> wanted) throws IOException {
        remove(directory, also, wanted);
        move(directory, wanted);
    }

    /**
     * Replaces each partition for which the run has rows.
     *
     * @param levels number of partition directories below {@code directory}
     */
    void replacePartitions(String directory, int levels, Collection<String> also) throws IOException {
        for (FileStatus entry : entries(place.files(), place.staging(), directory)) {
            if (!entry.isDirectory() || !isData(entry.getPath().getName())) {
                continue;
            }
            String path = join(directory, entry);
            if (levels == 1) {
                replace(path, also, JournalBuilder::isData);
            } else {
                replacePartitions(path, levels - 1, also);
            }
        }
    }

    /** Writes a small file to the target, over one of the same name, if this run has staged it. */
    void write(String name) throws IOException {
        SmallFile.read(place.files(), new Path(place.staging(), name))
                .ifPresent(content -> texts.put(name, new String(content, StandardCharsets.UTF_8)));
    }

    /** @param path of the target in the journal: its name if it is in the journal's directory, otherwise a URI */
    Journal.Place build(String path) {
        return new Journal.Place(path, steps, added, texts);
    }

    /** Whether Spark sees the file or directory at this path when it lists its parent. */
    static boolean isData(String path) {
        return !Storage.isHidden(path.substring(path.lastIndexOf('/') + 1));
    }

    private static String join(String directory, FileStatus entry) {
        String name = entry.getPath().getName();
        return directory.isEmpty() ? name : directory + "/" + name;
    }

    private static List<FileStatus> entries(FileSystem files, Path root, String directory) throws IOException {
        FileStatus[] entries =
                Storage.entries(files, Storage.child(root, directory)).toArray(FileStatus[]::new);
        Arrays.sort(entries);
        return List.of(entries);
    }

    private List<String> files(Path root, String directory, Predicate<String> wanted) throws IOException {
        return files(place.files(), root, directory, wanted);
    }

    /** The paths of all files below a directory, relative to the root and sorted; none if there is no such directory. */
    static List<String> files(FileSystem files, Path root, String directory, Predicate<String> wanted)
            throws IOException {
        List<String> found = new ArrayList<>();
        for (FileStatus entry : entries(files, root, directory)) {
            String path = join(directory, entry);
            if (!wanted.test(path)) {
                continue;
            }
            if (entry.isDirectory()) {
                found.addAll(files(files, root, path, wanted));
            } else {
                found.add(path);
            }
        }
        return found;
    }
}
