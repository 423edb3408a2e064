package sluice.job.parquet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.io.OutputFile;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.types.StructType;
import sluice.job.fingerprint.FileSum;

/** Writes one file of a task, row group by row group. */
final class NumberListFile extends OutputWriter {
    /** Open files of this process, which share its memory. */
    private static final AtomicInteger OPEN = new AtomicInteger();

    private final String path;
    private final FileSettings settings;
    private final FileLayout layout;
    private final CodecFactory codecs;
    private final ParquetFileWriter file;
    private final FileSum sum; // null if no fingerprint is computed

    private long groupBytes; // maximum size of the next group
    private RowGroup group; // null after a row could not be written
    private long nextCheck; // number of rows at which the size of the group is checked

    private NumberListFile(
            String path,
            FileSettings settings,
            FileLayout layout,
            CodecFactory codecs,
            ParquetFileWriter file,
            Optional<FileSum> sum) {
        this.path = path;
        this.settings = settings;
        this.layout = layout;
        this.codecs = codecs;
        this.file = file;
        this.sum = sum.orElse(null);
        this.groupBytes = settings.groupBytes();
        OPEN.incrementAndGet();
        begin(settings.properties().getMinRowCountForPageSizeCheck());
    }

    /**
     * @param to the file to create
     * @param path of that file
     * @param schema of the rows
     * @param sum computes the fingerprint that the footer states
     */
    static NumberListFile create(
            OutputFile to, String path, StructType schema, TaskAttemptContext task, Optional<FileSum> sum)
            throws IOException {
        FileSettings settings = FileSettings.of(task);
        FileLayout layout = new FileLayout(schema, task.getConfiguration());
        ParquetFileWriter file = new ParquetFileWriter(
                to,
                layout.type(),
                ParquetFileWriter.Mode.CREATE,
                settings.groupBytes(),
                settings.padding(),
                null, // not encrypted
                settings.properties());
        file.start();
        CodecFactory codecs =
                new CodecFactory(task.getConfiguration(), settings.properties().getPageSizeThreshold());
        return new NumberListFile(path, settings, layout, codecs, file, sum);
    }

    /** @param firstCheck number of rows at which the size of the group is checked first */
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
        if (sum != null) {
            sum.add(row);
        }
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

    /** Writes the group if it is full. Otherwise the next check is half way to the estimated end, as in Parquet's own writer. */
    private void check() throws IOException {
        ParquetProperties properties = settings.properties();
        int minRows = properties.getMinRowCountForPageSizeCheck();
        int maxRows = properties.getMaxRowCountForPageSizeCheck();
        long rows = group.rows();
        long bytes = group.bytes();
        long rowBytes = bytes / rows;
        long maxBytes = Math.min(groupBytes, poolBytes() / OPEN.get());
        if (bytes > maxBytes - 2 * rowBytes) {
            flush();
            groupBytes = Math.min(settings.groupBytes(), file.getNextRowGroupSize());
            begin(Math.min(Math.max(minRows, rows / 2), maxRows));
        } else {
            long full = (long) (maxBytes / (float) rowBytes);
            nextCheck = Math.min(Math.max(minRows, (rows + full) / 2), rows + maxRows);
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

    /** If a row could not be written, the file gets no footer, so that no reader accepts it. */
    @Override
    public void close() {
        OPEN.decrementAndGet();
        try (file) {
            if (group != null) {
                flush();
                file.end(metadata());
                if (sum != null) {
                    sum.close();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            codecs.release();
        }
    }

    private Map<String, String> metadata() {
        if (sum == null) {
            return layout.metadata();
        }
        Map<String, String> metadata = new HashMap<>(layout.metadata());
        metadata.putAll(sum.footer());
        return metadata;
    }
}
