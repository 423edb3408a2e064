package sluice.job;

import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.slf4j.MDC;
import sluice.job.message.RefusedException;

/** The Spark application of a command line: its name, its log, and defaults of Spark's settings that depend on other settings. */
final class Application {
    private static final String NAME = "spark.app.name";
    private static final String LISTENERS = "spark.extraListeners";
    private static final String LINEAGE = "io.openlineage.spark.agent.OpenLineageSparkListener";
    private static final String LINEAGE_OF_RDDS = "spark.openlineage.filter.rddEventsDisabled";

    private static final String ISOLATION = "spark.sql.artifact.isolation.enabled";

    private static final String STRUCTURED = "spark.log.structuredLogging.enabled";
    /** The field of log events that has the name of the run. */
    private static final String RUN = "mdc.sluice_run"; // as Spark names it in tasks

    private Application() {}

    /** Whether each line of the log is a JSON object. */
    static boolean logsAreStructured() {
        return Boolean.getBoolean(STRUCTURED); // Spark's launcher makes properties of all settings
    }

    /**
     * Adds a field to the log events of this thread. Spark adds it to those of the tasks of {@link #start}.
     *
     * @param run its name; empty: none
     */
    static void nameRun(String run) {
        if (!run.isEmpty()) {
            MDC.put(RUN, run);
        }
    }

    /**
     * Starts Spark.
     *
     * @param name if {@code --name} gives none
     * @throws RefusedException if Hive's catalog is asked for and its classes are missing
     */
    static SparkSession start(String name) {
        SparkConf given = new SparkConf();
        // The builder of Spark's common face would look for this one by Scala's reflection, which takes a third of a
        // second.
        var builder = org.apache.spark.sql.classic.SparkSession.builder()
                .appName(name(given, name))
                .config(HiveCatalog.KEY, HiveCatalog.implementation(given));
        // The reads of samples are jobs over RDDs. OpenLineage reports their start but not their end, and names no
        // output.
        if (given.get(LISTENERS, "").contains(LINEAGE) && !given.contains(LINEAGE_OF_RDDS)) {
            builder = builder.config(LINEAGE_OF_RDDS, true);
        }
        // A run adds no classes to its session. With a class loader for each session, tasks ask the driver for each
        // class that they don't find, and compile what they have compiled for another session.
        if (!given.contains(ISOLATION)) {
            builder = builder.config(ISOLATION, false);
        }
        SparkSession spark = builder.getOrCreate();
        if (MDC.get(RUN) != null) {
            spark.sparkContext().setLocalProperty(RUN, MDC.get(RUN));
        }
        return spark;
    }

    /** Without {@code --name} spark-submit takes the name of the main class. */
    private static String name(SparkConf given, String name) {
        String submitted = given.get(NAME, "");
        return submitted.isBlank() || submitted.equals(Main.class.getName()) ? name : submitted;
    }
}
