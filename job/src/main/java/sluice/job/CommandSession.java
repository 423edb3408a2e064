package sluice.job;

import org.apache.spark.SparkConf;
import org.apache.spark.package$;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.internal.StaticSQLConf;
import sluice.job.message.RefusedException;

/**
 * The Spark session of a command. As in {@code spark-sql}, Hive's tables are in its catalog if Hive is configured: by {@code hive-site.xml}
 * on the class path, such as in Spark's {@code conf} directory, or by the address of a metastore.
 */
final class CommandSession {
    private static final String HIVE = "hive";
    private static final String HIVE_CLASS = "org.apache.spark.sql.hive.HiveSessionStateBuilder";
    private static final String HIVE_SITE = "hive-site.xml";
    private static final String METASTORE = "spark.hadoop.hive.metastore.uris";

    private CommandSession() {}

    /** @throws RefusedException if Hive's catalog is asked for and its classes are missing */
    static SparkSession start(String name) {
        SparkSession.Builder builder = SparkSession.builder().appName(name);
        SparkConf conf = new SparkConf();
        String key = StaticSQLConf.CATALOG_IMPLEMENTATION().key();
        if (conf.contains(key)) {
            if (conf.get(key).equals(HIVE) && !hasHive()) {
                throw new RefusedException(
                        "%s = hive: this Spark has no classes for Hive's tables; pass --packages org.apache.spark:spark-hive_2.13:%s"
                                .formatted(key, package$.MODULE$.SPARK_VERSION()));
            }
        } else if (hasHive() && (loader().getResource(HIVE_SITE) != null || conf.contains(METASTORE))) {
            builder = builder.config(key, HIVE);
        }
        return builder.getOrCreate();
    }

    private static boolean hasHive() {
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
