package sluice.job.settings;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalog.Catalog;
import org.apache.spark.sql.internal.SQLConf;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Spark session of one run. It starts with the settings, views and functions of the user's session, and what a run sets in it stays in
 * it. So several runs at the same time don't change each other's settings or the user's.
 *
 * <p>Two defaults of Spark differ in it, unless the user has set them. Parquet times are written as microseconds: Spark's INT96 counts
 * nanoseconds, so that many readers see 9999-12-31 as a day of 1816. Parquet times of nanoseconds, which Spark rejects, are read as whole
 * numbers.
 */
public final class RunSession {
    private static final Logger LOG = LoggerFactory.getLogger(RunSession.class);

    private RunSession() {}

    /** A session of its own for a run that was started in the user's session. */
    public static SparkSession of(SparkSession user) {
        SparkSession own = ((org.apache.spark.sql.classic.SparkSession) user).cloneSession();
        // Through the public interface, because CatalogManager is a class in Spark 4.0 and an interface later.
        Catalog copied = own.catalog();
        Catalog current = user.catalog();
        if (!copied.currentCatalog().equals(current.currentCatalog())) {
            copied.setCurrentCatalog(current.currentCatalog());
        }
        if (!copied.currentDatabase().equals(current.currentDatabase())) {
            copied.setCurrentDatabase(current.currentDatabase());
        }
        setUnlessGiven(own, SQLConf.PARQUET_OUTPUT_TIMESTAMP_TYPE().key(), "TIMESTAMP_MICROS");
        setUnlessGiven(own, SQLConf.LEGACY_PARQUET_NANOS_AS_LONG().key(), "true");
        return own;
    }

    private static void setUnlessGiven(SparkSession session, String key, String value) {
        if (!session.conf().getAll().contains(key)) {
            session.conf().set(key, value);
        }
    }

    /** Makes the user's session read a table again that a run has changed: sessions remember the files of a table. */
    public static void refresh(SparkSession user, String table) {
        try {
            user.catalog().refreshTable(table);
        } catch (Exception e) { // Spark throws checked exceptions that it doesn't declare
            LOG.warn("{}: is written, but this session may show the rows before: {}", table, e.getMessage());
        }
    }
}
