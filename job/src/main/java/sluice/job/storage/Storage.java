package sluice.job.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import scala.Tuple2;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;

/** Finds the file system that a path of the settings lies on, and what is there. */
public final class Storage {
    private static final String SPARK_PREFIX = "spark.hadoop.";

    private Storage() {}

    /** Hadoop's settings with those of {@code spark.hadoop.*} over them, as a session has them, without a session. */
    public static Configuration configuration(SparkConf spark) {
        Configuration hadoop = new Configuration();
        for (Tuple2<String, String> setting : spark.getAllWithPrefix(SPARK_PREFIX)) {
            hadoop.set(setting._1(), setting._2());
        }
        return hadoop;
    }

    /**
     * The path's file system.
     *
     * @param option that the path was given with
     * @throws RefusedException where this Spark doesn't know such a file system, or can't reach it
     */
    public static FileSystem of(String path, String option, Configuration hadoop) {
        try {
            return new Path(path).getFileSystem(hadoop);
        } catch (IOException | RuntimeException e) { // a class that is missing comes wrapped in a RuntimeException
            throw new RefusedException(
                    "%s: its file system can't be used: %s; check %s, and that Spark has the jar for it (--packages)"
                            .formatted(path, Failure.firstLine(e.getMessage()), option),
                    e);
        }
    }

    /**
     * The path in full, so that two of them can be compared.
     *
     * @param option that the path was given with
     * @throws RefusedException where this Spark doesn't know such a file system, or can't reach it
     */
    public static Path qualified(String path, String option, Configuration hadoop) {
        return of(path, option, hadoop).makeQualified(new Path(path));
    }

    /** What is in a directory; nothing where there is none. */
    public static List<FileStatus> entries(FileSystem files, Path directory) throws IOException {
        try {
            return List.of(files.listStatus(directory));
        } catch (FileNotFoundException e) {
            return List.of();
        }
    }

    /** Whether one is the other or lies below it. */
    public static boolean isWithin(Path inner, Path outer) {
        for (Path at = inner; at != null; at = at.getParent()) {
            if (at.equals(outer)) {
                return true;
            }
        }
        return false;
    }
}
