package sluice.job.run;

import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import sluice.cell.weights.file.ModelFile;
import sluice.job.event.EventCounts;
import sluice.job.message.Console;
import sluice.job.message.HumanText;
import sluice.job.report.BadRowCounts;
import sluice.job.report.RunMetrics;
import sluice.job.report.RunReport;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.Settings;
import sluice.job.storage.SmallFile;
import sluice.job.task.ScoringPlan;

/** Prints what a run read and did, and writes the copy of its report to {@code report.path}. */
public final class ReportPrinter {
    private static final double MANY_UNKNOWN = 0.1;

    private final Settings settings;
    private final Console console;
    private final Configuration hadoop;

    public ReportPrinter(Settings settings, Console console, Configuration hadoop) {
        this.settings = settings;
        this.console = console;
        this.hadoop = hadoop;
    }

    /** Prints one line about the model, and the notes of its reader. */
    public void print(ModelFile file) {
        console.say(
                "model %s: %s; %,d parameters",
                settings.model().path(), file.model(), file.model().parameters());
        file.notes().forEach(note -> console.say("note: %s", note));
    }

    /** Prints what the run assumes about the requested answers. */
    public void print(ScoringPlan plan) {
        plan.assumptions().forEach(note -> console.say("note: %s", note));
    }

    /** Prints how many events became sequences, and whether their order is open. */
    public void print(EventCounts events) {
        console.say("grouped %s", events.sentence());
        events.warning().ifPresent(console::warning);
    }

    public void print(RunReport report) {
        console.say(
                "scored %s, %s in %s",
                HumanText.count(report.measured().rows(), "sequence"),
                HumanText.count(report.measured().tokens(), "token"),
                HumanText.duration(RunMetrics.seconds(report.duration())));
        report.lines().forEach(console.out()::println);
        printBadRows(report);
        unknownWords(report.measured().unknownFraction()).ifPresent(warning -> console.say("warning: %s", warning));
        console.say("wrote %s: %s", settings.output().path(), String.join(", ", report.columns()));
    }

    /** A warning, if more than a tenth of the words are unknown. */
    static Optional<String> unknownWords(double fraction) {
        return fraction <= MANY_UNKNOWN
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "%.1f %% of the words are not in the vocabulary, and were scored as input.unknown-word: check input.vocabulary, input.splitter and input.lower-case",
                        100 * fraction));
    }

    private void printBadRows(RunReport report) {
        BadRowCounts bad = report.badRows();
        if (bad.rows() > 0) {
            console.say(
                    "%s can't be scored, %s: %s",
                    HumanText.count(bad.rows(), "row"), whereBadRowsAre(report), bad.sentence());
        }
    }

    private String whereBadRowsAre(RunReport report) {
        if (settings.badRows().rule() == BadRowRule.NULL) {
            return "their answers are null";
        }
        return settings.badRows().path().isPresent()
                ? "they are in " + report.badRowsPath()
                : "they are in %s/%s".formatted(settings.output().path(), report.badRowsPath());
    }

    /** Copies a report that is not in the output: that of a failed run or of a dry run. An error is printed, not thrown. */
    public void copy(byte[] report) {
        copyTo(report)
                .ifPresent(reason -> console.error("%s: the report could not be written: %s"
                        .formatted(settings.report().path().get(), reason)));
    }

    /** Copies a report that the output holds too. The table is published already, so a failure is a warning. */
    public void copyPublished(byte[] report) {
        String original = settings.output().format() == OutputFormat.TABLE
                ? ""
                : "; the report itself is %s/%s".formatted(settings.output().path(), RunReport.FILE);
        copyTo(report)
                .ifPresent(reason -> console.warning("%s: the report's copy could not be written: %s%s"
                        .formatted(settings.report().path().get(), reason, original)));
    }

    private Optional<String> copyTo(byte[] report) {
        return SmallFile.copy(report, settings.report().path(), hadoop);
    }
}
