package sluice.job.storage;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The records of the publications in an output, {@code _sluice/publications/1.json} and so on. The newest number orders all runs on an
 * output. A record is written once and never changes.
 */
public final class PublicationLog {
    /** The directory of the records in an output. */
    public static final String DIRECTORY = "_sluice/publications";

    /** Number of records that are kept. A listing that lags behind must still show one of them. */
    private static final int KEPT = 16;

    private static final Pattern NAME = Pattern.compile("([1-9][0-9]{0,17})\\.json");
    private static final Pattern DRAFT = Pattern.compile("\\.([1-9][0-9]{0,17})-.*");

    private final FileSystem files;
    private final Path output;
    private final StoreGuarantees store;

    PublicationLog(FileSystem files, Path output, StoreGuarantees store) {
        this.files = files;
        this.output = output;
        this.store = store;
    }

    /** Path of a record in its output. */
    public static String name(long number) {
        return DIRECTORY + "/" + number + ".json";
    }

    /** The newest publication of the output that is complete; 0 if there is none. */
    long newest() throws IOException {
        if (!store.renamesDirectories()) {
            return newestIn(output);
        }
        // While the output is replaced, its records are in the directory that it was moved to.
        while (true) {
            long before = newestIn(output);
            long replaced = 0;
            for (Path directory : replaced()) {
                replaced = Math.max(replaced, newestIn(directory));
            }
            if (newestIn(output) == before) {
                return Math.max(before, replaced);
            }
        }
    }

    /** The directories that replaced outputs were moved to and that are not deleted yet. */
    List<Path> replaced() throws IOException {
        return Storage.siblings(files, output, StagingDirectory.replacedPrefix(output), "");
    }

    /** The newest record in a directory; 0 if there is none. */
    long newestIn(Path directory) throws IOException {
        long newest = Storage.entries(files, new Path(directory, DIRECTORY)).stream()
                .map(entry -> NAME.matcher(entry.getPath().getName()))
                .filter(Matcher::matches)
                .mapToLong(name -> Long.parseLong(name.group(1)))
                .max()
                .orElse(0);
        while (files.exists(new Path(directory, name(newest + 1)))) { // the listing may lag behind
            newest++;
        }
        return newest;
    }

    /** A record of the output; empty if the number has no record, or it was removed. */
    Optional<PublicationRecord> record(long number) throws IOException {
        Optional<PublicationRecord> found = recordIn(output, number);
        if (found.isEmpty() && store.renamesDirectories()) { // the output may be on its way to or from another name
            for (Path directory : replaced()) {
                found = recordIn(directory, number);
                if (found.isPresent()) {
                    return found;
                }
            }
            found = recordIn(output, number);
        }
        return found;
    }

    private Optional<PublicationRecord> recordIn(Path directory, long number) throws IOException {
        Path file = new Path(directory, name(number));
        return SmallFile.read(files, file, file.toString(), PublicationRecord.class);
    }

    /** The log of an output. */
    public static PublicationLog of(Path output, FileSystem files, Configuration hadoop) throws IOException {
        return new PublicationLog(files, output, StoreGuarantees.of(files, output, hadoop));
    }

    /** The newest record of the output. */
    public Optional<PublicationRecord> last() throws IOException {
        return record(newestIn(output));
    }

    /** The numbers of the last publications, the oldest first. The records of some may be gone. */
    private List<Long> recentNumbers() throws IOException {
        long newest = newestIn(output);
        return LongStream.rangeClosed(Math.max(1, newest - KEPT + 1), newest)
                .boxed()
                .toList();
    }

    /** The data files that the last publications added: paths in the output. A listing may not show them yet. */
    public List<String> recentFiles() throws IOException {
        List<String> recent = new ArrayList<>();
        for (long number : recentNumbers()) {
            record(number).ifPresent(record -> recent.addAll(record.files()));
        }
        return recent;
    }

    /**
     * The last records: content by path in the output. They go on in an output that replaces this one, so that a slow process still learns
     * that its publication is complete.
     */
    public Map<String, byte[]> recent() throws IOException {
        Map<String, byte[]> recent = new TreeMap<>();
        for (long number : recentNumbers()) {
            String name = name(number);
            SmallFile.read(files, new Path(output, name)).ifPresent(json -> recent.put(name, json));
        }
        return recent;
    }

    /** Writes a record, and removes the oldest ones and the drafts that killed processes left. */
    void write(PublicationRecord record) throws IOException {
        Path file = new Path(output, name(record.number()));
        if (!files.exists(file)) {
            files.mkdirs(file.getParent());
            store.create(
                    file, record.json(), new Path(file.getParent(), "." + record.number() + "-" + UUID.randomUUID()));
        }
        for (FileStatus entry : Storage.entries(files, file.getParent())) {
            if (isObsolete(entry.getPath().getName(), record.number())) {
                files.delete(entry.getPath(), false);
            }
        }
    }

    /** Whether a name is that of a record too old to be kept, or of the draft of a record that exists. */
    private static boolean isObsolete(String name, long newest) {
        Matcher record = NAME.matcher(name);
        Matcher draft = DRAFT.matcher(name);
        return (record.matches() && Long.parseLong(record.group(1)) <= newest - KEPT)
                || (draft.matches() && Long.parseLong(draft.group(1)) <= newest);
    }
}
