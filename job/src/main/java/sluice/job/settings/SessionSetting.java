package sluice.job.settings;

import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.SparkSession;

/** Sets a setting of a session until it is closed, then restores the previous value. */
public final class SessionSetting implements AutoCloseable {
    private final RuntimeConfig settings;
    private final String key;
    private final String before; // or null

    public SessionSetting(SparkSession spark, String key, String value) {
        this.settings = spark.conf();
        this.key = key;
        this.before = settings.getOption(key).getOrElse(() -> null);
        settings.set(key, value);
    }

    @Override
    public void close() {
        if (before == null) {
            settings.unset(key);
        } else {
            settings.set(key, before);
        }
    }
}
