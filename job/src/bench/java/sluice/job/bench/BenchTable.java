package sluice.job.bench;

import java.nio.file.Path;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** The scored table: a key, a name to pass through, and the sequence. */
final class BenchTable {
    static final String ID = "id";
    static final String TOKENS = "tokens";
    static final StructType SCHEMA = new StructType(new StructField[] {
        DataTypes.createStructField(ID, DataTypes.LongType, false),
        DataTypes.createStructField("name", DataTypes.StringType, false),
        DataTypes.createStructField(TOKENS, DataTypes.createArrayType(DataTypes.IntegerType, false), false)
    });

    private static final long GOLDEN = 0x9E3779B97F4A7C15L; // makes names that hardly compress, like real keys

    private BenchTable() {}

    /** Writes it as Parquet in this number of files. */
    static void write(SparkSession spark, SequenceSource source, long rows, int files, Path folder) {
        Broadcast<SequenceSource> sequences =
                JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(source);
        Dataset<Row> table = spark.range(0, rows, 1, files)
                .map(
                        (MapFunction<Long, Row>) id -> RowFactory.create(
                                id,
                                "blk_%016x".formatted(id * GOLDEN),
                                sequences.value().of(id)),
                        Encoders.row(SCHEMA));
        table.write().mode("overwrite").parquet(folder.toString());
    }

    static StructType with(List<StructField> answers) {
        StructType schema = SCHEMA;
        for (StructField answer : answers) {
            schema = schema.add(answer);
        }
        return schema;
    }
}
