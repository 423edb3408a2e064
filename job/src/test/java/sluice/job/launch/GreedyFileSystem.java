package sluice.job.launch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.Progressable;
import sluice.job.fixture.SchemeFiles;

/** A file system that takes memory outside of the heap, 1.25 GiB, when a task creates a file, and waits until its process is ended. */
public final class GreedyFileSystem extends SchemeFiles {
    private static final int PIECES = 20;
    private static final int PIECE_BYTES = 64 << 20;
    private static final int PAGE_BYTES = 4_096;

    /** The options of a run that writes to {@code greedy:}. */
    static List<String> options() {
        String classes = Checkout.target("test-classes").toString();
        List<String> options = new ArrayList<>(List.of("--driver-class-path", classes));
        for (String setting : List.of(
                "spark.executor.extraClassPath=" + classes,
                "spark.hadoop.fs.greedy.impl=" + GreedyFileSystem.class.getName())) {
            options.addAll(List.of("--conf", setting));
        }
        return options;
    }

    @Override
    public java.net.URI getUri() {
        return java.net.URI.create("greedy:///");
    }

    @Override
    public FSDataOutputStream create(
            Path path, boolean overwrite, int bufferSize, short replication, long blockSize, Progressable progress)
            throws IOException {
        if (path.toString().contains("/_temporary/") && path.getName().startsWith("part-")) {
            takeMemory();
        }
        return super.create(path, overwrite, bufferSize, replication, blockSize, progress);
    }

    private static void takeMemory() {
        List<ByteBuffer> pieces = new ArrayList<>();
        while (pieces.size() < PIECES) {
            ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
            for (int page = 0; page < PIECE_BYTES; page += PAGE_BYTES) {
                piece.put(page, (byte) 1); // only a page that was written to counts
            }
            pieces.add(piece);
        }
        Waiting.until("the end of a process with " + pieces, () -> false);
    }
}
