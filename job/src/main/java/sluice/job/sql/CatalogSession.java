package sluice.job.sql;

import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import scala.jdk.javaapi.CollectionConverters;
import sluice.job.message.RefusedException;
import sluice.job.model.CachedModel;
import sluice.job.model.ModelCache;
import sluice.job.settings.Settings;

/** A catalog in one session. Opened anew for each statement, as a session's settings can change. */
record CatalogSession(
        SparkSession spark, String catalog, CatalogSettings settings, ModelCache cache, Configuration hadoop) {
    /**
     * In this thread's session.
     *
     * @param catalog its name in the session's settings
     * @throws RefusedException if the session's settings of the catalog are wrong
     */
    static CatalogSession active(String catalog) {
        SparkSession spark = SparkSession.active();
        CatalogSettings settings = new CatalogSettings(
                catalog, CollectionConverters.asJava(spark.conf().getAll()));
        ModelCache cache = ModelCache.of(
                spark.sparkContext(),
                catalog,
                settings.cacheBytes(spark.sparkContext().getConf()));
        return new CatalogSession(
                spark, catalog, settings, cache, spark.sessionState().newHadoopConf());
    }

    /**
     * Reads a model, or takes it from the cache.
     *
     * @param name a name of the session's settings, or a path
     */
    CachedModel model(String name, Settings.Model model) {
        return cache.get(model, settings.option(name), hadoop);
    }
}
