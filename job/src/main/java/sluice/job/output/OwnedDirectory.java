package sluice.job.output;

import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import sluice.job.message.RefusedException;
import sluice.job.report.RunHistory;
import sluice.job.settings.OutputMode;
import sluice.job.storage.Storage;

/**
 * Tells what runs wrote from what others put into the same directory. A run deletes only what runs wrote: a directory that a run wrote
 * has a mark, and in it the data files, the partition directories and a few hidden files are of runs.
 */
final class OwnedDirectory {
    private static final String OWN = "_sluice"; // reports, bad rows, and whatever else Sluice keeps in an output
    private static final Set<String> SIDE_FILES = Set.of("_SUCCESS", "_metadata", "_common_metadata");
    private static final Pattern CHECKSUM = Pattern.compile("\\..*\\.crc");

    /** What a killed run leaves in a directory of bad rows. */
    private static final Pattern LEFTOVER = Pattern.compile("\\.(run|batch)=.*\\.(staging|replaced)-.*");

    private OwnedDirectory() {}

    /**
     * Checks an output before a run changes it. An empty directory is free.
     *
     * @param replacesInput whether the table to replace is the run's own input, which need not be of a run
     * @throws RefusedException if it has no report of a run, or if the run would delete files that no run wrote
     */
    static void requireOutput(Path output, Configuration hadoop, OutputMode mode, boolean replacesInput, String given)
            throws IOException {
        FileSystem files = Storage.of(output, hadoop);
        if (mode == OutputMode.ERROR || Storage.entries(files, output).isEmpty()) {
            return; // in mode error, it must be empty
        }
        if (!replacesInput && !new RunHistory(files, output, hadoop).isOutput()) {
            throw new RefusedException(
                    "%s: holds '%s' and no report of a run, expected an output of Sluice or an empty directory; choose another --output, or move the directory away"
                            .formatted(given, firstName(files, output)));
        }
        Predicate<String[]> isDeleted = mode == OutputMode.OVERWRITE
                ? names -> true
                : names -> mode == OutputMode.PARTITIONS && names[0].contains("=");
        requireNoStranger(
                files,
                output,
                names -> !isDeleted.test(names) || isOfTable(names, replacesInput),
                "%s: holds '%%s', which no run wrote and which this run would delete; move it away, or choose another --output"
                        .formatted(given));
    }

    /**
     * Checks a directory of bad rows that exists.
     *
     * @throws RefusedException if it holds files that no run wrote
     */
    static void requireBadRows(FileSystem files, Path directory, String mark, String given) throws IOException {
        requireNoStranger(
                files,
                directory,
                names -> names[0].equals(mark) || LEFTOVER.matcher(names[0]).matches() || isOfTable(names, false),
                "%s: holds '%%s', which no run wrote and which this run might delete; move it away, or choose another bad-rows.path"
                        .formatted(given));
    }

    static String firstName(FileSystem files, Path directory) throws IOException {
        return Storage.entries(files, directory).stream()
                .map(entry -> entry.getPath().getName())
                .sorted()
                .findFirst()
                .orElse("");
    }

    private static void requireNoStranger(FileSystem files, Path directory, Predicate<String[]> isOurs, String sentence)
            throws IOException {
        Optional<String> stranger = stranger(files, directory, isOurs);
        if (stranger.isPresent()) {
            throw new RefusedException(String.format(Locale.ROOT, sentence, stranger.get()));
        }
    }

    private static Optional<String> stranger(FileSystem files, Path directory, Predicate<String[]> isOurs)
            throws IOException {
        int prefix = directory.toUri().getPath().length() + 1;
        for (RemoteIterator<LocatedFileStatus> all = files.listFiles(directory, true); all.hasNext(); ) {
            String path = all.next().getPath().toUri().getPath().substring(prefix);
            if (!isOurs.test(path.split("/"))) {
                return Optional.of(path);
            }
        }
        return Optional.empty();
    }

    /** @param names of a file and the directories above it, relative to the table */
    private static boolean isOfTable(String[] names, boolean hasAnyFiles) {
        if (names[0].equals(OWN)) {
            return true;
        }
        for (int at = 0; at < names.length - 1; at++) {
            if (Storage.isHidden(names[at]) || !names[at].contains("=")) {
                return false;
            }
        }
        String file = names[names.length - 1];
        if (Storage.isHidden(file)) {
            return SIDE_FILES.contains(file) || CHECKSUM.matcher(file).matches();
        }
        return hasAnyFiles || file.startsWith("part-");
    }
}
