package sluice.job.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.ServiceConfigurationError;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.VersionInfo;
import org.apache.spark.SparkConf;
import scala.Tuple2;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;

/**
 * Paths of the settings: their file system, and the entries of directories. All other code gets paths of texts, and file systems, from
 * here, so that what is no path, or can't be used, is refused with a sentence everywhere.
 */
public final class Storage {
    private static final String SPARK_PREFIX = "spark.hadoop.";
    private static final Pattern CLASS_NAME = Pattern.compile("[\\p{L}_$][\\p{L}\\p{N}_$]*(\\.[\\p{L}\\p{N}_$]+)+");

    private Storage() {}

    /** Hadoop's configuration overridden by {@code spark.hadoop.*}, as a session would have it; no session is needed. */
    public static Configuration configuration(SparkConf spark) {
        Configuration hadoop = new Configuration();
        for (Tuple2<String, String> setting : spark.getAllWithPrefix(SPARK_PREFIX)) {
            hadoop.set(setting._1(), setting._2());
        }
        return hadoop;
    }

    /**
     * A user's text as a path.
     *
     * @param option the option or setting that gave the text, for the message
     * @throws RefusedException if it is none
     */
    public static Path path(String text, String option) {
        try {
            return new Path(text);
        } catch (IllegalArgumentException e) { // an empty text, or a colon in the first name of a relative path
            throw new RefusedException(
                    "%s: not a path: %s; check %s, and that no name in it has a colon"
                            .formatted(text, Failure.firstLine(e.getMessage()), option),
                    e);
        }
    }

    /**
     * Checks the name of a file or directory to write. Hadoop takes the part before a colon for the name of a file system.
     *
     * @param option the option or setting that gave the path, for the message
     * @throws RefusedException if files can't be written beside it
     */
    public static void requireWritableName(String text, String option) {
        String name = path(text, option).getName();
        if (name.contains(":")) {
            throw new RefusedException(
                    "%s: has a colon in its name, which Hadoop's file systems don't write; choose another name, for example %s, in %s"
                            .formatted(text, name.replace(':', '-'), option));
        }
    }

    /** A path as text for Spark's readers, which take their paths for patterns. The text names this path alone. */
    public static String literal(Path path) {
        return path.toString().replaceAll("[\\{}\\[\\]*?\\\\]", "\\\\$0");
    }

    /**
     * The file system of a path.
     *
     * @param option the option or setting that gave the path, for the message
     * @throws RefusedException if Spark doesn't know the file system or can't reach it
     */
    public static FileSystem of(String path, String option, Configuration hadoop) {
        Path parsed = path(path, option);
        try {
            return parsed.getFileSystem(hadoop);
        } catch (IOException | RuntimeException | LinkageError | ServiceConfigurationError e) {
            throw new RefusedException(unusable(path, "check " + option + ", and ", e), e);
        }
    }

    /**
     * The file system of a path that is no user's text, such as a place in a journal.
     *
     * @throws IOException if Spark doesn't know the file system or can't reach it
     */
    public static FileSystem of(Path path, Configuration hadoop) throws IOException {
        try {
            return path.getFileSystem(hadoop);
        } catch (IOException | RuntimeException | LinkageError | ServiceConfigurationError e) {
            throw new IOException(unusable(path.toString(), "", e), e);
        }
    }

    /** Jars of a connector may be missing altogether, in part, or of another version than Spark's Hadoop. */
    private static String unusable(String path, String check, Throwable failure) {
        return String.format(
                Locale.ROOT,
                "%s: its file system can't be used: %s; %sput the jars of its connector on the class path (--packages or --jars), of the version of Spark's Hadoop, %s",
                path,
                reason(failure),
                check,
                VersionInfo.getVersion());
    }

    private static String reason(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (cause instanceof ClassNotFoundException
                    || cause instanceof NoClassDefFoundError && !message.contains(" ")) {
                Matcher name = CLASS_NAME.matcher(message.replace('/', '.'));
                if (name.find()) {
                    return "the class " + name.group() + " is missing";
                }
            }
        }
        return failure instanceof Error ? Failure.reason(failure) : Failure.firstLine(failure.getMessage());
    }

    /** Whether Spark skips a name when it lists a table. It reads {@code _column=value} as a partition. */
    public static boolean isHidden(String name) {
        return name.startsWith(".") || (name.startsWith("_") && !name.contains("="));
    }

    /** A path in a directory, whose names may have colons; the empty path is the directory itself. */
    public static Path child(Path directory, String path) {
        return path.isEmpty() ? directory : new Path(directory, "./" + path); // a colon would end a scheme
    }

    /**
     * The path with its scheme and authority, so that two paths can be compared.
     *
     * @param option the option or setting that gave the path, for the message
     * @throws RefusedException if Spark doesn't know the file system or can't reach it
     */
    public static Path qualified(String path, String option, Configuration hadoop) {
        return of(path, option, hadoop).makeQualified(path(path, option));
    }

    /** The entries of a directory; empty if it doesn't exist. */
    public static List<FileStatus> entries(FileSystem files, Path directory) throws IOException {
        try {
            return List.of(files.listStatus(directory));
        } catch (FileNotFoundException e) {
            return List.of();
        }
    }

    /** The siblings of a path whose name starts with {@code prefix} and ends with {@code suffix}, the oldest first. */
    static List<Path> siblings(FileSystem files, Path target, String prefix, String suffix) throws IOException {
        try {
            return Arrays.stream(files.listStatus(target.getParent()))
                    .filter(entry -> entry.getPath().getName().startsWith(prefix)
                            && entry.getPath().getName().endsWith(suffix))
                    .sorted(Comparator.comparingLong(FileStatus::getModificationTime)
                            .thenComparing(FileStatus::getPath))
                    .map(FileStatus::getPath)
                    .toList();
        } catch (FileNotFoundException e) {
            return List.of();
        } catch (IOException e) { // a parent that is a file: writing there gives the better message
            if (files.exists(target.getParent())
                    && !files.getFileStatus(target.getParent()).isDirectory()) {
                return List.of();
            }
            throw e;
        }
    }

    /** Whether {@code inner} equals {@code outer} or lies below it. */
    public static boolean isWithin(Path inner, Path outer) {
        for (Path at = inner; at != null; at = at.getParent()) {
            if (at.equals(outer)) {
                return true;
            }
        }
        return false;
    }
}
