package sluice.job.fingerprint;

import java.nio.ByteBuffer;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.StructType;

/**
 * Sums the hashes of the rows of one file, or of one partition of a table that has no files. For one thread.
 *
 * <p>The hash of a row is that of its bytes with a key of 128 bits: the first half of the SHA-256 of a name and the file's partition
 * directories, for example {@code day=2026-11-22/shop=7}. So a row in the partition of another row has another hash. The bytes are those of
 * Spark's {@code UnsafeRow} of the hashed columns. Equal values of equal types have equal bytes there, whoever made the row. They are hashed
 * in place; nothing is allocated for a row.
 */
public final class RowSum {
    /** The name changes when the bytes that are hashed change. */
    private static final String NAME = "sluice fingerprint 1\n";

    private final UnsafeProjection projection;
    private final boolean isWhole; // all columns are hashed
    private final KeyedHash hash;
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
        this.hash = new KeyedHash(keys.getLong(), keys.getLong());
    }

    public void add(InternalRow row) {
        UnsafeRow bytes = isWhole && row instanceof UnsafeRow unsafe ? unsafe : projection.apply(row);
        hash.hash(bytes.getBaseObject(), bytes.getBaseOffset(), bytes.getSizeInBytes());
        low += hash.low();
        high += hash.high() + (Long.compareUnsigned(low, hash.low()) < 0 ? 1 : 0);
        rows++;
    }

    /** Of the rows so far. */
    public Fingerprint fingerprint() {
        return new Fingerprint(high, low, rows);
    }
}
