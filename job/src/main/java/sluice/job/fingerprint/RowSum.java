package sluice.job.fingerprint;

import java.nio.ByteBuffer;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.sql.types.StructType;

/**
 * Sums the hashes of the rows of one file, or of one partition of a table that has no files. For one thread.
 *
 * <p>The 128-bit hash of a row is XXH64 over its bytes with two keys of 64 bits, which are the first half of the SHA-256 of a name and the
 * file's partition directories, for example {@code day=2026-11-22/shop=7}. So a row in the partition of another row has another hash. The
 * bytes are those of Spark's {@code UnsafeRow} of the hashed columns. Equal values of equal types have equal bytes there, whoever made the
 * row. They are hashed in place; nothing is allocated for a row.
 */
public final class RowSum {
    /** The name changes when the bytes that are hashed change. */
    private static final String NAME = "sluice fingerprint 1\n";

    private final UnsafeProjection projection;
    private final boolean isWhole; // all columns are hashed
    private final long highKey;
    private final long lowKey;
    private long high;
    private long low;
    private long rows;

    /**
     * @param schema of the rows, which has the hashed columns
     * @param partition directories of the file below its table, separated by slashes
     */
    public RowSum(HashedColumns columns, StructType schema, String partition) {
        this.projection = columns.projection(schema);
        this.isWhole = columns.areAllOf(schema);
        ByteBuffer keys = ByteBuffer.wrap(DigestUtils.sha256(NAME + partition));
        this.highKey = keys.getLong();
        this.lowKey = keys.getLong();
    }

    public void add(InternalRow row) {
        UnsafeRow bytes = isWhole && row instanceof UnsafeRow unsafe ? unsafe : projection.apply(row);
        Object base = bytes.getBaseObject();
        long offset = bytes.getBaseOffset();
        int size = bytes.getSizeInBytes();
        long hash = XXH64.hashUnsafeWords(base, offset, size, lowKey);
        low += hash;
        high += XXH64.hashUnsafeWords(base, offset, size, highKey) + (Long.compareUnsigned(low, hash) < 0 ? 1 : 0);
        rows++;
    }

    /** Of the rows so far. */
    public Fingerprint fingerprint() {
        return new Fingerprint(high, low, rows);
    }
}
