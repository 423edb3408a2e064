package sluice.job.fingerprint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.commons.codec.digest.MurmurHash3;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.Platform;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.job.fixture.LocalSpark;
import sluice.job.parquet.NumberListFormat;

/** The sum over rows: independent of order and division, dependent on each bit. */
class FingerprintTest {
    private static final StructType SCHEMA = new StructType()
            .add("id", DataTypes.LongType)
            .add("scores", DataTypes.createArrayType(DataTypes.FloatType, false))
            .add("day", DataTypes.StringType);
    private static final HashedColumns COLUMNS = HashedColumns.all(SCHEMA);

    @TempDir
    Path folder;

    private static List<float[]> values(Random random, int rows) {
        List<float[]> values = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            float[] scores = new float[random.nextInt(6)];
            for (int at = 0; at < scores.length; at++) {
                scores[at] = random.nextFloat();
            }
            values.add(scores);
        }
        return values;
    }

    private static InternalRow row(long id, float[] scores) {
        return new GenericInternalRow(new Object[] {id, new GenericArrayData(scores), null});
    }

    private static Fingerprint of(List<InternalRow> rows) {
        RowSum sum = new RowSum(COLUMNS, SCHEMA, "");
        rows.forEach(sum::add);
        return sum.fingerprint();
    }

    private static List<InternalRow> rows(List<float[]> values) {
        List<InternalRow> rows = new ArrayList<>();
        for (int id = 0; id < values.size(); id++) {
            rows.add(row(id, values.get(id)));
        }
        return rows;
    }

    @Test
    void theSumIsTheSameInAnyOrderAndAnyDivision() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            List<InternalRow> rows = rows(values(random, 1 + random.nextInt(40)));
            Fingerprint whole = of(rows);
            Collections.shuffle(rows, random);
            Fingerprint sum = Fingerprint.NONE;
            for (int at = 0; at < rows.size(); ) {
                int to = Math.min(rows.size(), at + random.nextInt(7));
                sum = sum.plus(of(rows.subList(at, to)));
                at = to;
            }
            assertThat(sum).as("seed " + seed).isEqualTo(whole);
        }
    }

    @Test
    void eachBitOfEachNumberChangesBothHalves() {
        List<float[]> values = values(new Random(5), 12);
        String whole = of(rows(values)).toString();
        Set<String> sums = new HashSet<>(Set.of(whole));
        int flips = 0;
        for (float[] scores : values) {
            for (int at = 0; at < scores.length; at++) {
                float before = scores[at];
                for (int bit = 0; bit < Float.SIZE; bit++) {
                    scores[at] = Float.intBitsToFloat(Float.floatToRawIntBits(before) ^ 1 << bit);
                    String flipped = of(rows(values)).toString();
                    assertThat(flipped.substring(0, 16)).isNotEqualTo(whole.substring(0, 16));
                    assertThat(flipped.substring(16)).isNotEqualTo(whole.substring(16));
                    sums.add(flipped);
                    flips++;
                }
                scores[at] = before;
            }
        }
        assertThat(flips).isGreaterThan(500);
        assertThat(sums).hasSize(flips + 1);
    }

    @Test
    void missingDoubledAndMovedRowsChangeIt() {
        List<InternalRow> rows = rows(values(new Random(9), 5));
        Fingerprint whole = of(rows);
        List<InternalRow> doubled = new ArrayList<>(rows);
        doubled.add(rows.get(2));
        assertThat(of(rows.subList(0, 4)).toString()).isNotEqualTo(whole.toString());
        assertThat(of(doubled).toString()).isNotEqualTo(whole.toString());
        RowSum elsewhere = new RowSum(COLUMNS, SCHEMA, "day=2");
        rows.forEach(elsewhere::add);
        assertThat(elsewhere.fingerprint().toString()).isNotEqualTo(whole.toString());
    }

    @Test
    void theHashIsThatOfCommonsCodec() {
        Random random = new Random(8);
        for (int size = 0; size <= 256; size += Long.BYTES) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            int seed = random.nextInt();
            long key = Integer.toUnsignedLong(seed);
            KeyedHash hash = new KeyedHash(key, key);
            hash.hash(bytes, Platform.BYTE_ARRAY_OFFSET, size);
            assertThat(new long[] {hash.high(), hash.low()})
                    .as("size " + size)
                    .isEqualTo(MurmurHash3.hash128x64(bytes, 0, size, seed));
        }
    }

    /** The addition of two halves is that of one number of 128 bits. */
    @Test
    void theSumIsModulo2To128() {
        Random random = new Random(3);
        for (int round = 0; round < 1_000; round++) {
            BigInteger one = new BigInteger(128, random);
            BigInteger other = new BigInteger(128, random);
            Fingerprint sum = Fingerprint.of(hex(one), 2).plus(Fingerprint.of(hex(other), 3));
            assertThat(sum.toString()).isEqualTo(hex(one.add(other).mod(BigInteger.ONE.shiftLeft(128))));
            assertThat(sum.rows()).isEqualTo(5);
        }
        assertThatThrownBy(() -> Fingerprint.of("5", 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("'5' is no fingerprint, which has 32 hex digits");
    }

    private static String hex(BigInteger value) {
        String digits = value.toString(16);
        return "0".repeat(32 - digits.length()) + digits;
    }

    @Test
    void columnsOfOtherFormatsAreTheExactOnes() {
        StructType schema = new StructType()
                .add("z", DataTypes.BinaryType)
                .add("at", DataTypes.TimestampType)
                .add("map", DataTypes.createMapType(DataTypes.StringType, DataTypes.IntegerType))
                .add("in", new StructType().add("at", DataTypes.TimestampType))
                .add("a", new StructType().add("n", DataTypes.createArrayType(DataTypes.DoubleType)));
        HashedColumns exact = HashedColumns.exact(schema);
        assertThat(exact.names()).containsExactly("a", "z");
        assertThat(HashedColumns.of(exact.ddl()).names()).containsExactly("a", "z");
    }

    /** A partition that was committed twice, because the first success was lost, counts once. */
    @Test
    void aPartitionCountsOnce() {
        FingerprintCounter total = new FingerprintCounter();
        Fingerprint file = Fingerprint.of("5".repeat(32), 7);
        FingerprintCounter task = new FingerprintCounter();
        assertThat(task.isZero()).isTrue();
        task.add(file); // partition 0, as outside of a task
        task.add(file);
        total.merge(task);
        total.merge(task);
        assertThat(total.value()).isEqualTo(file.plus(file));
        assertThat(total.copyAndReset().isZero()).isTrue();
    }

    /** The first attempt of each task fails after it has written rows and files. */
    @Test
    void failedAttemptsDoNotCount() {
        try {
            SparkSession spark = LocalSpark.restart(Map.of("spark.master", "local[2, 3]"));
            Dataset<Row> rows = spark.range(0, 1000, 1, 4)
                    .selectExpr("id", "array(cast(id as float)) as scores", "cast(id % 3 as string) as day");
            FileSums expected = write(rows, "steady");
            Dataset<Row> failing = rows.map(
                    (MapFunction<Row, Row>) row -> {
                        if (TaskContext.get().attemptNumber() == 0 && row.getLong(0) % 250 == 249) {
                            throw new IllegalStateException("first attempt");
                        }
                        return row;
                    },
                    Encoders.row(rows.schema()));
            FileSums found = write(failing, "failing");
            assertThat(found.total().sum()).isEqualTo(expected.total().sum());
            assertThat(found.total().sum().rows()).isEqualTo(1000);
        } finally {
            LocalSpark.session().stop();
        }
    }

    private FileSums write(Dataset<Row> rows, String name) {
        FileSums sums = FileSums.begin(
                rows.sparkSession(), HashedColumns.all(rows.drop("day").schema()), 1);
        rows.write()
                .format(NumberListFormat.class.getName())
                .options(sums.options())
                .option("maxRecordsPerFile", 50)
                .partitionBy("day")
                .save(folder.resolve(name).toString());
        return sums;
    }
}
