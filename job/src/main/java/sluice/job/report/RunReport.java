package sluice.job.report;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import sluice.cell.weights.file.ModelFile;
import sluice.job.event.EventCounts;
import sluice.job.fingerprint.TableFingerprint;
import sluice.job.message.ExitCode;
import sluice.job.message.HumanText;
import sluice.job.message.TwoColumnText;
import sluice.job.settings.Settings;

/**
 * The report of a run that scored: a table for the terminal, and JSON for the output.
 *
 * @param columns names of the columns of the scored table
 * @param layout how rows were distributed to tasks; empty if the run left that to Spark
 * @param badRowsPath where the quarantined rows are, relative to the output unless {@code bad-rows.path} is set
 * @param fingerprint of the written rows
 * @param states what happened to the carried states; empty if the run carries none
 * @param events what was grouped into sequences; empty if the rows of the input are sequences
 */
public record RunReport(
        String applicationId,
        Instant started,
        Duration duration,
        Settings settings,
        ModelFile model,
        List<String> columns,
        Optional<String> layout,
        RunMetrics measured,
        BadRowCounts badRows,
        String badRowsPath,
        TableFingerprint fingerprint,
        Optional<States> states,
        Optional<EventCounts> events) {
    /** Path of the last run's report in an output. */
    public static final String FILE = "_sluice/report.json";

    /** Path of the quarantined rows in an output. */
    public static final String BAD_ROWS = "_sluice/bad-rows";

    /** The directory of an output for all that is not rows. */
    public static final String DIRECTORY = "_sluice";

    /**
     * What happened to the carried states.
     *
     * @param path of the state table
     * @param before number of the version that the run started from; 0 if there was none
     * @param after number of the version that the run wrote
     * @param version directory name of the version that the run wrote
     * @param continued keys whose sequence continued from a carried state
     * @param begun keys that had no state before
     * @param keys keys in the new version
     * @param read state rows that were searched for this run's keys
     * @param written state rows that were written
     */
    public record States(
            String path,
            long before,
            long after,
            String version,
            long continued,
            long begun,
            long keys,
            long read,
            long written) {
        private String sentence() {
            return String.format(
                    Locale.ROOT,
                    "%s continued, %,d new; %s/%s has %,d",
                    HumanText.count(continued, "key"),
                    begun,
                    path,
                    version,
                    keys);
        }
    }

    /**
     * Identifies a batch of an incremental run in its report.
     *
     * @param number Spark's number of the batch, from 0
     * @param files number of input files
     * @param checkpointId ID of the checkpoint that numbers the batch
     * @param filesSha256 SHA-256 of the sorted paths of the input files
     */
    public record Batch(long number, int files, String checkpointId, String filesSha256) {}

    /**
     * The batches of one incremental run.
     *
     * @param checkpoint path of the checkpoint
     * @param numbers of the batches that this run scored
     * @param files number of input files of all these batches
     * @param modelBefore fingerprint of the model of the batch before this run, if it was another model
     * @param settingsBefore settings hash of the batch before this run, if it was another one
     */
    public record Batches(
            String checkpoint,
            List<Long> numbers,
            long files,
            Optional<String> modelBefore,
            Optional<String> settingsBefore) {
        public Batches {
            numbers = List.copyOf(numbers);
        }
    }

    public byte[] json() {
        return ReportJson.scored(this);
    }

    /** The report of one batch of an incremental run. */
    public byte[] json(Batch batch) {
        return ReportJson.scored(this, batch);
    }

    /** The report of all batches of an incremental run. */
    public byte[] json(Batches batches) {
        return ReportJson.scored(this, batches);
    }

    /** A report with the number of the publication that put it into its output. */
    public static byte[] withPublication(byte[] report, long number) {
        return ReportJson.withPublication(report, number);
    }

    /** The report of a run that wrote no output. Schedulers read the outcome at {@code report.path}. */
    public static byte[] failed(Instant started, Settings settings, ExitCode code, String error) {
        return ReportJson.failed(started, settings, code, error);
    }

    /** The table for the terminal. */
    public List<String> lines() {
        TwoColumnText page = new TwoColumnText();
        events.ifPresent(grouped -> page.add("  events", "%s", grouped.sentence()));
        page.add("  rows", "%,d", measured.rows())
                .add(
                        "  tokens",
                        "%,d; %,d steps were computed, each for %.1f tokens",
                        measured.tokens(),
                        measured.computedSteps(),
                        measured.sharing())
                .add("  speed", "%,.0f tokens per second and core, while scoring", measured.tokensPerSecondPerCore())
                .add(
                        "  tasks",
                        "%,d, %s in all: reading %d %%, scoring %d %%, writing %d %%",
                        measured.tasks(),
                        HumanText.duration(RunMetrics.seconds(measured.taskTime())),
                        measured.percent(measured.reading()),
                        measured.percent(measured.scoring()),
                        measured.percent(measured.writing()))
                .add("  memory", "%s peak heap in one process", HumanText.size(measured.peakHeapBytes()));
        if (measured.unknownWords() > 0) {
            page.add(
                    "  words",
                    "%,d, of which %.1f %% are not in the vocabulary",
                    measured.words(),
                    100 * measured.unknownFraction());
        }
        states.ifPresent(carried -> page.add("  states", "%s", carried.sentence()));
        return page.lines();
    }
}
