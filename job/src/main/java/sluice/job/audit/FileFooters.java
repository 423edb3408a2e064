package sluice.job.audit;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;
import sluice.job.fingerprint.FileFooter;
import sluice.job.storage.Storage;

/** Reads what the footers of Parquet files state about their rows, in tasks. */
final class FileFooters {
    private static final int MOST_TASKS = 1_000;

    private FileFooters() {}

    /** In the order of the files; a file without a fingerprint is not in the map. */
    static Map<String, FileFooter> read(AuditedTable table, Configuration hadoop) {
        Map<String, FileFooter> footers = new TreeMap<>();
        List<String> files = table.files();
        if (!table.isParquet() || files.isEmpty()) {
            return footers;
        }
        JavaSparkContext context =
                JavaSparkContext.fromSparkContext(table.spark().sparkContext());
        Broadcast<SerializableConfiguration> shared = context.broadcast(new SerializableConfiguration(hadoop));
        try {
            context.parallelize(files, Math.min(files.size(), MOST_TASKS))
                    .map(file -> new Tuple2<>(
                            file, footer(file, shared.value().value()).orElse(null)))
                    .collect()
                    .forEach(found -> {
                        if (found._2() != null) {
                            footers.put(found._1(), found._2());
                        }
                    });
        } finally {
            shared.destroy();
        }
        return footers;
    }

    private static Optional<FileFooter> footer(String file, Configuration hadoop) throws IOException {
        try (ParquetFileReader reader =
                ParquetFileReader.open(HadoopInputFile.fromPath(Storage.path(file, "--audit"), hadoop))) {
            return FileFooter.of(reader.getFileMetaData().getKeyValueMetaData());
        }
    }
}
