package sluice.job.settings;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalog.Catalog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Spark session of one run. It starts with the settings, views and functions of the user's session, and what a run sets in it stays in
 * it. So several runs at the same time don't change each other's settings or the user's.
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
        return own;
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
