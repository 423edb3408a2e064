package sluice.job;

import org.apache.spark.SparkConf;
import org.apache.spark.package$;
import org.apache.spark.sql.internal.StaticSQLConf;
import sluice.job.message.RefusedException;

/**
 * Whether Hive's tables are in the catalog of a session. As in {@code spark-sql}, they are if Hive is configured: by {@code hive-site.xml}
 * on the class path, such as in Spark's {@code conf} directory, or by the address of a metastore.
 */
final class HiveCatalog {
    /** The setting of Spark. */
    static final String KEY = StaticSQLConf.CATALOG_IMPLEMENTATION().key();

    private static final String HIVE = "hive";
    private static final String IN_MEMORY = "in-memory";
    private static final String HIVE_CLASS = "org.apache.spark.sql.hive.HiveSessionStateBuilder";
    private static final String HIVE_SITE = "hive-site.xml";
    private static final String METASTORE = "spark.hadoop.hive.metastore.uris";

    private HiveCatalog() {}

    /**
     * The implementation of the session's catalog.
     *
     * @param given the settings of the user
     * @throws RefusedException if Hive's catalog is asked for and its classes are missing
     */
    static String implementation(SparkConf given) {
        String asked = given.get(KEY, "");
        if (asked.equals(HIVE) && !hasClasses()) {
            throw new RefusedException(
                    "%s = hive: this Spark has no classes for Hive's tables; pass --packages org.apache.spark:spark-hive_2.13:%s"
                            .formatted(KEY, package$.MODULE$.SPARK_VERSION()));
        }
        if (!asked.isEmpty()) {
            return asked;
        }
        boolean isConfigured = loader().getResource(HIVE_SITE) != null || given.contains(METASTORE);
        return isConfigured && hasClasses() ? HIVE : IN_MEMORY;
    }

    private static boolean hasClasses() {
        try {
            Class.forName(HIVE_CLASS, false, loader());
            return true;
        } catch (ClassNotFoundException e) { // this is the answer
            return false;
        }
    }

    private static ClassLoader loader() {
        return Thread.currentThread().getContextClassLoader(); // it knows the jars of --packages
    }
}
