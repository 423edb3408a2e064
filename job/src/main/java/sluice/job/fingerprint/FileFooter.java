package sluice.job.fingerprint;

import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;

/** What the footer of a Parquet file states about the file's own rows. Compared with the rows when the table is audited. */
public final class FileFooter implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final String SUM = "sluice.fingerprint";
    private static final String ROWS = "sluice.fingerprint.rows";
    private static final String ID = "sluice.fingerprint.id";
    private static final String COLUMNS = "sluice.fingerprint.columns";
    private static final String PARTITION = "sluice.fingerprint.partition";

    private final String id;
    private final Fingerprint sum;
    private final String columns;
    private final String partition;

    FileFooter(String id, Fingerprint sum, String columns, String partition) {
        this.id = id;
        this.sum = sum;
        this.columns = columns;
        this.partition = partition;
    }

    Map<String, String> metadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(SUM, sum.toString());
        metadata.put(ROWS, Long.toString(sum.rows()));
        metadata.put(ID, id);
        metadata.put(COLUMNS, columns);
        metadata.put(PARTITION, partition);
        return metadata;
    }

    /** Empty if the footer states no fingerprint, or none that can be read. */
    public static Optional<FileFooter> of(Map<String, String> metadata) {
        String sum = metadata.get(SUM);
        String rows = metadata.get(ROWS);
        String id = metadata.get(ID);
        String columns = metadata.get(COLUMNS);
        String partition = metadata.get(PARTITION);
        if (sum == null || rows == null || id == null || columns == null || partition == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(new FileFooter(id, Fingerprint.of(sum, Long.parseLong(rows)), columns, partition));
        } catch (IllegalArgumentException e) { // damaged: a file without a fingerprint
            return Optional.empty();
        }
    }

    /** The directories above a file, separated by slashes. */
    static String partition(String path, int levels) {
        Deque<String> names = new ArrayDeque<>();
        Path at = new Path(path).getParent();
        for (int level = 0; level < levels; level++) {
            names.addFirst(at.getName());
            at = at.getParent();
        }
        return String.join("/", names);
    }

    /** Identifies the write. */
    public String id() {
        return id;
    }

    public Fingerprint sum() {
        return sum;
    }

    /** In Spark's DDL. */
    public String columns() {
        return columns;
    }

    /** The partition directories of the file when it was written, separated by slashes. */
    public String partition() {
        return partition;
    }
}
