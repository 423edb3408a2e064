package sluice.job.parquet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.types.StructType;

/** A file of a task's, written row group by row group. */
final class NumberListFile extends OutputWriter {
    /** Of this process: what they keep in memory must fit into it together. */
    private static final AtomicInteger OPEN = new AtomicInteger();

    private final String path;
    private final FileSettings settings;
    private final FileLayout layout;
    private final CodecFactory codecs;
    private final ParquetFileWriter file;

    private long groupBytes; // of the next group, at most
    private RowGroup group; // null where a row could not be written
    private long nextCheck; // how many rows the group has when its size is looked at

    private NumberListFile(
            String path, FileSettings settings, FileLayout layout, CodecFactory codecs, ParquetFileWriter file) {
        this.path = path;
        this.settings = settings;
        this.layout = layout;
        this.codecs = codecs;
        this.file = file;
        this.groupBytes = settings.groupBytes();
        OPEN.incrementAndGet();
        begin(settings.properties().getMinRowCountForPageSizeCheck());
    }

    /**
     * Creates it.
     *
     * @param schema of its rows
     */
    static NumberListFile create(String path, StructType schema, TaskAttemptContext task) throws IOException {
        FileSettings settings = FileSettings.of(task);
        FileLayout layout = new FileLayout(schema, task.getConfiguration());
        ParquetFileWriter file = new ParquetFileWriter(
                HadoopOutputFile.fromPath(new Path(path), task.getConfiguration()),
                layout.type(),
                ParquetFileWriter.Mode.CREATE,
                settings.groupBytes(),
                settings.padding(),
                null, // not encrypted
                settings.properties());
        file.start();
        CodecFactory codecs =
                new CodecFactory(task.getConfiguration(), settings.properties().getPageSizeThreshold());
        return new NumberListFile(path, settings, layout, codecs, file);
    }

    /** @param firstCheck after how many rows the group's size is looked at */
    private void begin(long firstCheck) {
        group = new RowGroup(layout, settings.properties(), codecs.getCompressor(settings.codec()));
        nextCheck = firstCheck;
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public void write(InternalRow row) {
        RowGroup current = group;
        group = null;
        current.add(row);
        group = current;
        if (group.rows() < nextCheck) {
            return;
        }
        try {
            check();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Looks whether the group is full, or else when to look again: half way to where it will be. As Parquet's own writer does. */
    private void check() throws IOException {
        ParquetProperties properties = settings.properties();
        int least = properties.getMinRowCountForPageSizeCheck();
        int most = properties.getMaxRowCountForPageSizeCheck();
        long rows = group.rows();
        long bytes = group.bytes();
        long rowBytes = bytes / rows;
        long room = Math.min(groupBytes, poolBytes() / OPEN.get());
        if (bytes > room - 2 * rowBytes) {
            flush();
            groupBytes = Math.min(settings.groupBytes(), file.getNextRowGroupSize());
            begin(Math.min(Math.max(least, rows / 2), most));
        } else {
            long full = (long) (room / (float) rowBytes);
            nextCheck = Math.min(Math.max(least, (rows + full) / 2), rows + most);
        }
    }

    private long poolBytes() {
        return (long) (settings.poolRatio() * Runtime.getRuntime().maxMemory());
    }

    private void flush() throws IOException {
        try (RowGroup full = group) {
            group = null;
            if (full.rows() > 0) {
                full.writeTo(file);
            }
        }
    }

    /** Where a row could not be written the file stays without its footer: no reader takes it for whole. */
    @Override
    public void close() {
        OPEN.decrementAndGet();
        try (file) {
            if (group != null) {
                flush();
                file.end(layout.metadata());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            codecs.release();
        }
    }
}
