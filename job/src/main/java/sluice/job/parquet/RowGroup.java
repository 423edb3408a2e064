package sluice.job.parquet;

import java.io.IOException;
import java.util.Optional;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.spark.sql.catalyst.InternalRow;

/** The rows of one row group in memory, by column: full pages are compressed, the current page is not. */
final class RowGroup implements AutoCloseable {
    private final FileLayout layout;
    private final ColumnChunkPageWriteStore pages;
    private final ColumnWriteStore columns;
    private final NumberColumn[] lists;
    private final ColumnWriter[] writers; // of the lists
    private final Optional<RecordConsumer> others;
    private long rows;

    RowGroup(FileLayout layout, ParquetProperties properties, BytesInputCompressor compressor) {
        this.layout = layout;
        this.pages = new ColumnChunkPageWriteStore(
                compressor,
                layout.type(),
                properties.getAllocator(),
                properties.getColumnIndexTruncateLength(),
                properties.getPageWriteChecksumEnabled());
        this.columns = properties.newColumnWriteStore(layout.type(), pages, pages);
        this.lists = layout.lists().toArray(NumberColumn[]::new);
        this.writers = new ColumnWriter[lists.length];
        for (int at = 0; at < lists.length; at++) {
            writers[at] = columns.getColumnWriter(lists[at].descriptor());
        }
        this.others = layout.begin(columns);
    }

    void add(InternalRow row) {
        for (int at = 0; at < lists.length; at++) {
            lists[at].write(row, writers[at]);
        }
        layout.writeOthers(row, columns);
        rows++;
    }

    long rows() {
        return rows;
    }

    /** The memory that the rows take, in bytes. */
    long bytes() {
        return columns.getBufferedSize();
    }

    void writeTo(ParquetFileWriter file) throws IOException {
        others.ifPresent(RecordConsumer::flush);
        file.startBlock(rows);
        columns.flush();
        pages.flushToFileWriter(file);
        file.endBlock();
    }

    @Override
    public void close() {
        columns.close();
        pages.close();
    }
}
