package sluice.job.audit;

import java.io.Serializable;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import sluice.job.fingerprint.Fingerprint;
import sluice.job.fingerprint.HashedColumns;
import sluice.job.fingerprint.RowSum;
import sluice.job.source.ColumnPath;

/** The fingerprints of the rows in some files, and their smallest sample hashes, by file. */
final class RowTotals {
    private final Map<String, FilePart> files = new HashMap<>();

    private RowTotals() {}

    /** What one task found in one file. Large files are read by several tasks. Not a record, which Kryo can't read. */
    private static final class FilePart implements Serializable {
        private static final long serialVersionUID = 1L;

        private final String file;
        private final Fingerprint rows;
        private final long smallest;

        FilePart(String file, Fingerprint rows, long smallest) {
            this.file = file;
            this.rows = rows;
            this.smallest = smallest;
        }

        FilePart plus(FilePart other) {
            return new FilePart(file, rows.plus(other.rows), Math.min(smallest, other.smallest));
        }
    }

    /** What one task has found so far in one file. */
    private static final class Open {
        private final RowSum rows;
        private long smallest = Long.MAX_VALUE;

        Open(RowSum rows) {
            this.rows = rows;
        }
    }

    /**
     * Reads the files.
     *
     * @param columns that are hashed; the files have them
     */
    static RowTotals of(AuditedTable table, List<String> files, HashedColumns columns) {
        Map<String, String> partitions = new HashMap<>();
        files.forEach(file -> partitions.put(file, table.partition(file)));
        Dataset<Row> read = table.rows(files, columns);
        Column[] selected = Stream.concat(
                        columns.names().stream().map(name -> read.col(ColumnPath.quoted(name))),
                        Stream.of(
                                read.col(ColumnPath.quoted(AuditedTable.FILE)), AuditedTable.sampleHash(read, columns)))
                .toArray(Column[]::new);
        Dataset<Row> rows = read.select(selected);
        StructType schema = rows.schema();
        RowTotals totals = new RowTotals();
        rows.queryExecution()
                .toRdd()
                .toJavaRDD()
                .mapPartitions(part -> sum(part, columns, schema, partitions))
                .collect()
                .forEach(totals::add);
        return totals;
    }

    private static Iterator<FilePart> sum(
            Iterator<InternalRow> rows, HashedColumns columns, StructType schema, Map<String, String> partitions) {
        int fileColumn = columns.names().size();
        Map<String, Open> read = new HashMap<>();
        UTF8String file = null;
        Open open = null;
        while (rows.hasNext()) {
            InternalRow row = rows.next();
            UTF8String of = row.getUTF8String(fileColumn);
            if (!of.equals(file)) {
                file = of.copy();
                open = read.computeIfAbsent(
                        path(file.toString()), name -> new Open(new RowSum(columns, schema, partitions.get(name))));
            }
            open.rows.add(row);
            open.smallest = Math.min(open.smallest, row.getLong(fileColumn + 1));
        }
        List<FilePart> parts = new ArrayList<>();
        read.forEach((name, found) -> parts.add(new FilePart(name, found.rows.fingerprint(), found.smallest)));
        return parts.iterator();
    }

    /** The path of a file that Spark names by its URI. */
    static String path(String uri) {
        return uri.isEmpty() ? "" : new Path(URI.create(uri)).toString();
    }

    private void add(FilePart part) {
        files.merge(part.file, part, FilePart::plus);
    }

    /** Adds the totals of other files. */
    void addAll(RowTotals others) {
        files.putAll(others.files);
    }

    static RowTotals none() {
        return new RowTotals();
    }

    /** Of a file; of no rows if Spark found none in it. */
    Fingerprint of(String file) {
        FilePart found = files.get(file);
        return found == null ? Fingerprint.NONE : found.rows;
    }

    Fingerprint of(List<String> some) {
        return some.stream().map(this::of).reduce(Fingerprint.NONE, Fingerprint::plus);
    }

    /** The smallest sample hash of the rows in these files. */
    long smallest(List<String> some) {
        return some.stream()
                .map(files::get)
                .filter(Objects::nonNull)
                .mapToLong(part -> part.smallest)
                .min()
                .orElse(Long.MAX_VALUE);
    }
}
