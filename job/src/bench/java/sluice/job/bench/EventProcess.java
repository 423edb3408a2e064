package sluice.job.bench;

import java.nio.file.Path;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** The process of one {@link EventWay}. On the request {@code run TABLE} it returns the seconds of a run. */
public final class EventProcess {
    private static final int CORES = 2;
    private static final int SHUFFLE_PARTITIONS = 200; // Spark's default

    private EventProcess() {}

    /** Arguments: the way, the directory of the tables. */
    public static void main(String[] arguments) {
        EventWay way = EventWay.valueOf(arguments[0]);
        Path root = Path.of(arguments[1]);
        LineServer.serve(line -> {
            EventTables table = EventTables.valueOf(line.split(" ")[1]);
            return way.seconds(session(), table.folder(root));
        });
    }

    private static SparkSession session() {
        return LocalSession.start(CORES, Map.of("spark.sql.shuffle.partitions", SHUFFLE_PARTITIONS));
    }
}
