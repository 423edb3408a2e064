package sluice.job.fingerprint;

import java.util.List;
import java.util.UUID;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * The fingerprint of the rows that one run wrote.
 *
 * @param id of the write, random; the footers of its Parquet files have it, too. Empty for several writes together
 * @param sum of the rows
 * @param columns that are hashed, in Spark's DDL
 */
public record TableFingerprint(String id, Fingerprint sum, String columns) {
    /** Of no writes. */
    public static final TableFingerprint NONE = new TableFingerprint("", Fingerprint.NONE, "");

    /** Of the rows of both writes, which have the same columns. */
    public TableFingerprint plus(TableFingerprint other) {
        return new TableFingerprint("", sum.plus(other.sum), columns.isEmpty() ? other.columns : columns);
    }

    /**
     * Reads all rows of a cached table. Each partition's sum is the result of its task, so a partition counts once, however often Spark
     * computes it.
     */
    public static TableFingerprint ofCached(Dataset<Row> rows) {
        StructType schema = rows.schema();
        HashedColumns columns = HashedColumns.exact(schema);
        List<Fingerprint> partitions = rows.queryExecution()
                .toRdd()
                .toJavaRDD()
                .mapPartitions(part -> {
                    RowSum sum = new RowSum(columns, schema, "");
                    part.forEachRemaining(sum::add);
                    return List.of(sum.fingerprint()).iterator();
                })
                .collect();
        Fingerprint sum = partitions.stream().reduce(Fingerprint.NONE, Fingerprint::plus);
        return new TableFingerprint(UUID.randomUUID().toString(), sum, columns.ddl());
    }
}
