package sluice.job.launch;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.deploy.SparkSubmit;
import sluice.job.ScoreCommand;

/**
 * The process behind a {@link WarmJava}: hands the command lines of its callers to {@code SparkSubmit}, one after the other. A run leaves
 * nothing to the next one but what Java has loaded and compiled: no Spark, no file systems and no settings.
 */
public final class WarmJavaProgram {
    private static final String SUBMIT = SparkSubmit.class.getName();
    private static final String MAIN = "sluice.job.Main";

    /** Of the application that has just run. */
    private static int code;

    private WarmJavaProgram() {}

    /** Goes to the streams of the call that runs; the log keeps the first stream that it has seen. */
    private static final class Switch extends OutputStream {
        private OutputStream to = OutputStream.nullOutputStream();

        synchronized void turn(OutputStream next) throws IOException {
            to.close();
            to = next;
        }

        @Override
        public synchronized void write(int b) throws IOException {
            to.write(b);
        }

        @Override
        public synchronized void write(byte[] bytes, int from, int length) throws IOException {
            to.write(bytes, from, length);
        }
    }

    /** {@code sluice.job.Main}, but for its exit. */
    public static final class Application {
        private Application() {}

        public static void main(String[] arguments) {
            Locale.setDefault(Locale.ENGLISH);
            code = ScoreCommand.run(arguments);
        }
    }

    /**
     * Runs until it is killed.
     *
     * @param arguments the pipe by which calls come: a line has the directory of one
     */
    public static void main(String[] arguments) throws Exception {
        Switch out = new Switch();
        Switch err = new Switch();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        // Open for writing, too: a pipe ends when nobody writes, and a caller between its end and the next opening
        // would be lost.
        try (RandomAccessFile calls = new RandomAccessFile(arguments[0], "rw")) {
            for (String line = calls.readLine(); line != null; line = calls.readLine()) {
                Path call = Path.of(line);
                out.turn(new FileOutputStream(call.resolve("out").toFile()));
                err.turn(new FileOutputStream(call.resolve("err").toFile()));
                run(Files.readString(call.resolve("arguments")).split("\0", -1));
                out.turn(OutputStream.nullOutputStream());
                err.turn(OutputStream.nullOutputStream());
                Files.writeString(call.resolve("code"), code + "\n");
            }
        }
    }

    /** Runs the application of a command line of Java. */
    private static void run(String[] arguments) throws IOException {
        List<String> submission = new ArrayList<>(List.of(arguments));
        submission.remove(submission.size() - 1); // each argument ends with a zero
        submission = submission.subList(submission.indexOf(SUBMIT) + 1, submission.size());
        submission.set(submission.indexOf(MAIN), Application.class.getName());
        code = 1;
        try {
            new SparkSubmit().doSubmit(submission.toArray(String[]::new));
        } catch (RuntimeException e) {
            e.printStackTrace(System.err);
        } finally {
            FileSystem.closeAll(); // they keep the settings that they were made with
            System.getProperties().keySet().removeIf(name -> name.toString().startsWith("spark."));
        }
    }
}
