package sluice.job.state;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import sluice.job.storage.SmallFile;

/** Staged versions of states without a run. */
final class StateStagings {
    private StateStagings() {}

    /** Completes a version with one file of states. */
    static void complete(
            StagedStates staged, long previous, String run, String file, String states, Configuration hadoop)
            throws IOException {
        SmallFile.write(
                staged.path().getFileSystem(hadoop), new Path(staged.taskFiles(), file), SmallFile.bytes(states));
        staged.take(List.of(file));
        staged.write(new StateManifest(
                previous,
                run,
                "now",
                "model",
                "embedding",
                "settings",
                Map.of("who", "string"),
                1,
                List.of(),
                1,
                staged.files()));
    }
}
