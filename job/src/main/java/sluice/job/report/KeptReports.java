package sluice.job.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.storage.SmallFile;

/** The reports in an output: the last run's, and one for each run whose rows are in it. */
public final class KeptReports {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final FileSystem files;
    private final Path output;

    public KeptReports(FileSystem files, Path output) {
        this.files = files;
        this.output = output;
    }

    /** The report of the run that ended last. */
    Optional<byte[]> last() throws IOException {
        return read(RunReport.FILE);
    }

    /** The report of the run of this name, whether it is the last or an earlier one. */
    public Optional<byte[]> of(String run) throws IOException {
        Optional<byte[]> own = read(RunName.reportOf(run));
        if (own.isPresent()) {
            return own;
        }
        Optional<byte[]> last = last();
        boolean isIt = last.isPresent()
                && JSON.readTree(last.get()).path(RunReport.RUN).asText().equals(run);
        return isIt ? last : Optional.empty();
    }

    private Optional<byte[]> read(String path) throws IOException {
        return SmallFile.read(files, new Path(output, path));
    }
}
