package sluice.job.bench;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.sort_array;
import static org.apache.spark.sql.functions.struct;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import sluice.job.Main;

/** Two ways from a table of events to the answers about the last events of each account. */
enum EventWay {
    /** One run with {@code input.group-by}. */
    GROUP_BY("input.group-by") {
        @Override
        void run(SparkSession spark, Path folder) {
            score(
                    folder,
                    Preparation.input(folder),
                    EventTables.TOKEN,
                    "input.group-by=" + EventTables.ACCOUNT,
                    "input.order-by=" + EventTables.TIME);
        }
    },

    /** Spark's {@code collect_list} writes a table of sorted arrays, and a run scores it. */
    COLLECT_LIST("groupBy and collect_list, then a run") {
        @Override
        void run(SparkSession spark, Path folder) {
            Path lists = folder.resolve("lists");
            spark.read()
                    .parquet(Preparation.input(folder).toString())
                    .groupBy(EventTables.ACCOUNT)
                    .agg(sort_array(collect_list(struct(EventTables.TIME, EventTables.TOKEN)))
                            .as("events"))
                    .select(
                            col(EventTables.ACCOUNT),
                            col("events." + EventTables.TOKEN).as(EventTables.TOKEN))
                    .write()
                    .mode("overwrite")
                    .parquet(lists.toString());
            score(folder, lists, EventTables.TOKEN);
        }
    };

    private static final int LONGEST = 1_000;

    private final String title;

    EventWay(String title) {
        this.title = title;
    }

    /** Writes the answers to {@link #output}, and stops the session. */
    abstract void run(SparkSession spark, Path folder);

    String title() {
        return title;
    }

    Path output(Path folder) {
        return folder.resolve(name().toLowerCase(Locale.ROOT));
    }

    /** Deletes what an earlier run wrote, and runs; returns the seconds. */
    double seconds(SparkSession spark, Path folder) throws IOException {
        Folder.delete(output(folder));
        long started = System.nanoTime();
        run(spark, folder);
        return (System.nanoTime() - started) / 1e9;
    }

    void score(Path folder, Path input, String tokens, String... settings) {
        List<String> command = new ArrayList<>(List.of(
                "--model",
                Preparation.model(folder).toString(),
                "--input",
                input.toString(),
                "--tokens",
                tokens,
                "--output",
                output(folder).toString(),
                "--at",
                "each",
                "--emit",
                "rank"));
        for (String setting : settings) {
            command.addAll(List.of("--set", setting));
        }
        command.addAll(List.of(
                "--set",
                "input.columns=" + EventTables.ACCOUNT,
                "--set",
                "input.max-length=" + LONGEST,
                "--set",
                "input.too-long=keep-last"));
        Main.main(command.toArray(String[]::new));
    }
}
