package sluice.job.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.TaskAttemptID;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.jdk.javaapi.CollectionConverters;
import sluice.job.fixture.LocalSpark;

/**
 * Where Parquet's classes lack something, Spark's own writer writes the file. The classes of this room are loaded a second time, by a loader
 * that lacks it; Spark's own classes are as they are.
 */
class LinkedClassesTest {
    private static final StructType SCHEMA = StructType.fromDDL("id bigint, numbers array<float>, name string");

    @TempDir
    Path folder;

    /** Loads the classes of this room itself, and has no class of one name. */
    private static final class OtherParquet extends ClassLoader {
        private final String missing;
        private final UnaryOperator<byte[]> change;

        OtherParquet(String missing, UnaryOperator<byte[]> change) {
            super(LinkedClassesTest.class.getClassLoader());
            this.missing = missing;
            this.change = change;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.equals(missing)) {
                throw new ClassNotFoundException(name);
            }
            if (!name.startsWith(LinkedClasses.class.getPackageName() + ".")) {
                return super.loadClass(name, resolve);
            }
            Class<?> known = findLoadedClass(name);
            if (known != null) {
                return known;
            }
            try (InputStream file = getResourceAsStream(name.replace('.', '/') + ".class")) {
                byte[] bytes = change.apply(file.readAllBytes());
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    private String write(ClassLoader classes) throws Exception {
        SparkSession spark = LocalSpark.session();
        ParquetFileFormat format = (ParquetFileFormat) classes.loadClass(NumberListFormat.class.getName())
                .getConstructor()
                .newInstance();
        assertThat(format.getClass().getClassLoader()).isSameAs(classes);
        Job job = Job.getInstance(spark.sessionState().newHadoopConf());
        OutputWriterFactory factory = format.prepareWrite(
                spark, job, scala.collection.immutable.Map$.MODULE$.<String, String>empty(), SCHEMA);
        String path = folder.resolve("table.parquet").toString();
        OutputWriter writer = factory.newInstance(
                path, SCHEMA, new TaskAttemptContextImpl(job.getConfiguration(), new TaskAttemptID()));
        for (long id = 0; id < 3; id++) {
            writer.write(row(id));
        }
        writer.close();
        assertThat(spark.read().parquet(path).orderBy("id").collectAsList()).isEqualTo(expected());
        return writer.getClass().getSimpleName();
    }

    private static InternalRow row(long id) {
        Object[] numbers = {id + 0.5f, -1f};
        return new GenericInternalRow(
                new Object[] {id, new GenericArrayData(numbers), UTF8String.fromString("n" + id)});
    }

    private static List<Row> expected() {
        return List.of(0L, 1L, 2L).stream()
                .map(id -> RowFactory.create(
                        id,
                        CollectionConverters.asScala(List.of(id + 0.5f, -1f)).toSeq(),
                        "n" + id))
                .toList();
    }

    @Test
    void theBuildsOwnVersionHasEverything() throws Exception {
        assertThat(write(new OtherParquet("", bytes -> bytes))).isEqualTo("NumberListFile");
    }

    /** A class that is used when a file is opened, or only when its first group is written. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "org.apache.parquet.hadoop.codec.CodecConfig",
                "org.apache.parquet.hadoop.ColumnChunkPageWriteStore",
                "org.apache.parquet.column.ColumnWriter"
            })
    void aMissingClassLeavesTheFileToSpark(String missing) throws Exception {
        assertThat(write(new OtherParquet(missing, bytes -> bytes))).isEqualTo("ParquetOutputWriter");
    }

    /** The room's classes call methods that Parquet does not have: the same as a Parquet that lacks those they do call. */
    @ParameterizedTest
    @ValueSource(strings = {"getWriterVersion", "getBufferedSize", "endBlock", "writeNull"})
    void aMissingMethodLeavesTheFileToSpark(String method) throws Exception {
        OtherParquet classes = new OtherParquet("", bytes -> renamed(bytes, method));

        assertThat(write(classes)).isEqualTo("ParquetOutputWriter");
    }

    /** A class file in which the last letter of a name is another one, wherever it stands. */
    private static byte[] renamed(byte[] file, String name) {
        byte[] changed = file.clone();
        byte[] wanted = name.getBytes(StandardCharsets.US_ASCII);
        for (int at = 0; at + wanted.length <= changed.length; at++) {
            if (Arrays.equals(changed, at, at + wanted.length, wanted, 0, wanted.length)) {
                changed[at + wanted.length - 1] = 'X';
            }
        }
        return changed;
    }
}
