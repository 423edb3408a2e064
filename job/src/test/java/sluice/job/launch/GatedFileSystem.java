package sluice.job.launch;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.Progressable;
import sluice.job.fixture.SchemeFiles;

/**
 * A file system on which the first tasks of a run end, and each that follows waits with its rows written and the file still open, until
 * the test opens the gate. The executors that wait are processes of their own, so the gate is a folder.
 */
public final class GatedFileSystem extends SchemeFiles {
    private static final String GATE = "sluice.test.gate";
    private static final String PASSES = "sluice.test.gate-passes";
    private static final String OPEN = "open";

    /** The options of a run that writes to {@code gated:} and stops behind so many files; the folder is there. */
    static List<String> options(java.nio.file.Path gate, int passes) {
        String classes = Checkout.target("test-classes").toString();
        List<String> options = new ArrayList<>(List.of("--driver-class-path", classes));
        for (String setting : List.of(
                "spark.executor.extraClassPath=" + classes,
                "spark.hadoop.fs.gated.impl=" + GatedFileSystem.class.getName(),
                "spark.hadoop." + GATE + "=" + gate,
                "spark.hadoop." + PASSES + "=" + passes)) {
            options.addAll(List.of("--conf", setting));
        }
        return options;
    }

    /** How many files have come to the gate. */
    static int arrived(java.nio.file.Path gate) throws IOException {
        try (Stream<java.nio.file.Path> files = Files.list(gate)) {
            return (int) files.count();
        }
    }

    /** Lets all pass from now on. */
    static void open(java.nio.file.Path gate) throws IOException {
        Files.createFile(gate.resolve(OPEN));
    }

    @Override
    public java.net.URI getUri() {
        return java.net.URI.create("gated:///");
    }

    @Override
    public FSDataOutputStream create(
            Path path, boolean overwrite, int bufferSize, short replication, long blockSize, Progressable progress)
            throws IOException {
        FSDataOutputStream file = super.create(path, overwrite, bufferSize, replication, blockSize, progress);
        boolean isTasks =
                path.toString().contains("/_temporary/") && path.getName().startsWith("part-");
        return isTasks ? new GatedFile(file) : file;
    }

    /** Waits before it is closed. */
    private final class GatedFile extends FSDataOutputStream {
        private boolean hasPassed;

        GatedFile(FSDataOutputStream file) throws IOException {
            super(file, null);
        }

        @Override
        public void close() throws IOException {
            if (!hasPassed) {
                pass();
                hasPassed = true;
            }
            super.close();
        }
    }

    private void pass() throws IOException {
        java.nio.file.Path gate = java.nio.file.Path.of(getConf().get(GATE));
        if (take(gate) > getConf().getInt(PASSES, 0)) {
            Waiting.until("the gate to open", () -> Files.exists(gate.resolve(OPEN)));
        }
    }

    /** The number of this file among all that have come to the gate, from 1. */
    private static int take(java.nio.file.Path gate) throws IOException {
        for (int number = 1; ; number++) {
            try {
                Files.createFile(gate.resolve(String.valueOf(number)));
                return number;
            } catch (FileAlreadyExistsException e) { // by another executor
                continue;
            }
        }
    }
}
