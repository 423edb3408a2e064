package sluice.job.output;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.storage.Journal;
import sluice.job.storage.SmallFile;
import sluice.job.storage.StagingDirectory;

/**
 * Collects the journal steps that publish a run's staged files in one target directory. Each file has the same relative path in the
 * staging directory and in the target. The empty path is the whole directory.
 */
final class JournalBuilder {
    private final StagingDirectory place;
    private final List<Journal.Move> moves = new ArrayList<>();
    private final List<String> removals = new ArrayList<>();
    private final Map<String, String> texts = new LinkedHashMap<>();

    JournalBuilder(StagingDirectory place) {
        this.place = place;
    }

    /** A path in a directory, or the directory itself for the empty path. */
    static Path in(Path directory, String path) {
        return path.isEmpty() ? directory : new Path(directory, path);
    }

    /** @param replaces whether the target may have something at this path */
    void move(String path, boolean replaces) throws IOException {
        String mark = firstFile(path, "").orElse("");
        moves.add(new Journal.Move(path, replaces, mark));
    }

    /** Moves the path to the target if this run has staged it. */
    void moveIfStaged(String path) throws IOException {
        if (isStaged(path)) {
            move(path, false);
        }
    }

    /** Replaces the path in the target, and removes it if this run has staged nothing for it. */
    void replace(String path) throws IOException {
        if (isStaged(path)) {
            move(path, true);
        } else {
            removals.add(path);
        }
    }

    private boolean isStaged(String path) throws IOException {
        return place.files().exists(in(place.staging(), path));
    }

    /** Adds a move for every data file below the directory. */
    void addFiles(String directory) throws IOException {
        for (FileStatus entry : visible(directory)) {
            String path = join(directory, entry);
            if (entry.isDirectory()) {
                addFiles(path);
            } else {
                moves.add(new Journal.Move(path, false, ""));
            }
        }
    }

    /**
     * Replaces each partition for which the run has rows.
     *
     * @param levels number of partition directories below {@code directory}
     */
    void replacePartitions(String directory, int levels) throws IOException {
        for (FileStatus entry : visible(directory)) {
            if (!entry.isDirectory()) {
                continue;
            }
            String path = join(directory, entry);
            if (levels == 1) {
                move(path, true);
            } else {
                replacePartitions(path, levels - 1);
            }
        }
    }

    /** Adds a step that writes a small file to the target, over one of the same name, if this run has staged it. */
    void write(String name) throws IOException {
        SmallFile.read(place.files(), new Path(place.staging(), name))
                .ifPresent(bytes -> texts.put(name, new String(bytes, StandardCharsets.UTF_8)));
    }

    /** @param path of the target in the journal: its name if it is in the journal's directory, otherwise a URI */
    Journal.Place build(String path) {
        return new Journal.Place(path, moves, removals, texts);
    }

    private static String join(String directory, FileStatus entry) {
        String name = entry.getPath().getName();
        return directory.isEmpty() ? name : directory + "/" + name;
    }

    /** The staged entries that Spark sees when it lists the directory, by name. */
    private List<FileStatus> visible(String directory) throws IOException {
        FileSystem files = place.files();
        return Arrays.stream(files.listStatus(in(place.staging(), directory)))
                .filter(entry -> !WrittenTable.isHidden(entry.getPath().getName()))
                .sorted()
                .toList();
    }

    /**
     * The first data file in a directory. Spark's file names are unique, so its presence in the target proves that the move was done.
     *
     * @param below the path of the searched directory, relative to the first one
     */
    private Optional<String> firstFile(String directory, String below) throws IOException {
        for (FileStatus entry : visible(directory)) {
            String path = join(below, entry);
            Optional<String> found = entry.isDirectory() ? firstFile(join(directory, entry), path) : Optional.of(path);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }
}
