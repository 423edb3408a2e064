package sluice.job.output;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import sluice.job.storage.SmallFile;

/** Stages bad rows as a run does, but without Spark. */
public final class StagedBadRows {
    private StagedBadRows() {}

    public static void write(StagedOutput staged, String name, byte[] rows, Configuration hadoop) throws IOException {
        Path file = new Path(staged.stagedBadRows(), name);
        SmallFile.write(file.getFileSystem(hadoop), file, rows);
        staged.markBadRows();
    }
}
