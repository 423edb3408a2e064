package sluice.job.bench;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.hash;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import java.nio.file.Path;
import java.util.Locale;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.SparkSession;

/** Tables of one row an event, in no order: an account, a time and a token. */
enum EventTables {
    /** Twenty events an account on average. */
    MANY_KEYS("20 events an account") {
        @Override
        Column account(long accounts) {
            return pmod(hash(col("time")), lit(accounts));
        }
    },

    /** The same, but one account has half of the events. */
    ONE_LARGE_KEY("half of the events in one account") {
        @Override
        Column account(long accounts) {
            return when(col("time").mod(2).equalTo(0), lit(0)).otherwise(MANY_KEYS.account(accounts));
        }
    };

    static final String ACCOUNT = "account";
    static final String TIME = "time";
    static final String TOKEN = "token";

    private static final int MEAN = 20; // events of an account
    private static final int FILES = 16;

    private final String title;

    EventTables(String title) {
        this.title = title;
    }

    abstract Column account(long accounts);

    String title() {
        return title;
    }

    Path folder(Path root) {
        return root.resolve(name().toLowerCase(Locale.ROOT));
    }

    /**
     * Writes the table.
     *
     * @param vocabulary number of tokens
     */
    void write(SparkSession spark, long events, int vocabulary, Path root) {
        spark.range(events)
                .toDF(TIME)
                .select(
                        account(Math.max(1, events / MEAN)).cast("bigint").as(ACCOUNT),
                        col(TIME),
                        pmod(xxhash64(col(TIME)), lit(vocabulary)).cast("int").as(TOKEN))
                .repartition(FILES, hash(col(TIME), lit(FILES)))
                .write()
                .mode("overwrite")
                .parquet(Preparation.input(folder(root)).toString());
    }
}
