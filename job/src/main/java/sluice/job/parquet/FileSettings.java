package sluice.job.parquet;

import static org.apache.parquet.hadoop.ParquetOutputFormat.COLUMN_INDEX_TRUNCATE_LENGTH;
import static org.apache.parquet.hadoop.ParquetOutputFormat.MAX_PADDING_BYTES;
import static org.apache.parquet.hadoop.ParquetOutputFormat.MEMORY_POOL_RATIO;
import static org.apache.parquet.hadoop.ParquetOutputFormat.PAGE_ROW_COUNT_LIMIT;
import static org.apache.parquet.hadoop.ParquetOutputFormat.STATISTICS_TRUNCATE_LENGTH;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.codec.CodecConfig;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * The settings of a file, read from a task's configuration as {@code ParquetOutputFormat} reads them.
 *
 * @param groupBytes maximum size of a row group
 * @param poolRatio maximum memory of all open files together, as a fraction of the heap
 * @param padding maximum bytes of padding that align a row group with a block of the file system
 */
record FileSettings(
        ParquetProperties properties, CompressionCodecName codec, long groupBytes, float poolRatio, int padding) {
    private static final float DEFAULT_POOL_RATIO = 0.95f;

    static FileSettings of(TaskAttemptContext task) {
        Configuration hadoop = task.getConfiguration();
        ParquetProperties properties = ParquetProperties.builder()
                .withWriterVersion(ParquetOutputFormat.getWriterVersion(hadoop))
                .withPageSize(ParquetOutputFormat.getPageSize(hadoop))
                .withPageRowCountLimit(
                        hadoop.getInt(PAGE_ROW_COUNT_LIMIT, ParquetProperties.DEFAULT_PAGE_ROW_COUNT_LIMIT))
                .withPageWriteChecksumEnabled(ParquetOutputFormat.getPageWriteChecksumEnabled(hadoop))
                .withDictionaryEncoding(ParquetOutputFormat.getEnableDictionary(hadoop))
                .withDictionaryPageSize(ParquetOutputFormat.getDictionaryPageSize(hadoop))
                .estimateRowCountForPageSizeCheck(ParquetOutputFormat.getEstimatePageSizeCheck(hadoop))
                .withMinRowCountForPageSizeCheck(ParquetOutputFormat.getMinRowCountForPageSizeCheck(hadoop))
                .withMaxRowCountForPageSizeCheck(ParquetOutputFormat.getMaxRowCountForPageSizeCheck(hadoop))
                .withPageValueCountThreshold(ParquetOutputFormat.getValueCountThreshold(hadoop))
                .withStatisticsEnabled(ParquetOutputFormat.getStatisticsEnabled(hadoop))
                .withStatisticsTruncateLength(
                        hadoop.getInt(STATISTICS_TRUNCATE_LENGTH, ParquetProperties.DEFAULT_STATISTICS_TRUNCATE_LENGTH))
                .withColumnIndexTruncateLength(hadoop.getInt(
                        COLUMN_INDEX_TRUNCATE_LENGTH, ParquetProperties.DEFAULT_COLUMN_INDEX_TRUNCATE_LENGTH))
                .withSizeStatisticsEnabled(ParquetOutputFormat.getSizeStatisticsEnabled(hadoop))
                .build();
        return new FileSettings(
                properties,
                CodecConfig.from(task).getCodec(),
                ParquetOutputFormat.getLongBlockSize(hadoop),
                hadoop.getFloat(MEMORY_POOL_RATIO, DEFAULT_POOL_RATIO),
                hadoop.getInt(MAX_PADDING_BYTES, ParquetWriter.MAX_PADDING_SIZE_DEFAULT));
    }
}
