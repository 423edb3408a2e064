package sluice.job.fingerprint;

import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.StructType;

/** Sums the hashes of the rows of one file that a task writes. */
public final class FileSum {
    private final FingerprintCounter counter;
    private final String id;
    private final HashedColumns columns;
    private final String partition;
    private final RowSum rows;

    FileSum(FingerprintCounter counter, String id, HashedColumns columns, StructType schema, String partition) {
        this.counter = counter;
        this.id = id;
        this.columns = columns;
        this.partition = partition;
        this.rows = new RowSum(columns, schema, partition);
    }

    public void add(InternalRow row) {
        rows.add(row);
    }

    /** The key-value metadata of the file's footer. */
    public Map<String, String> footer() {
        return new FileFooter(id, rows.fingerprint(), columns.ddl(), partition).metadata();
    }

    /** Counts the file for its task. Called once, when the file is complete. */
    public void close() {
        counter.add(rows.fingerprint());
    }
}
