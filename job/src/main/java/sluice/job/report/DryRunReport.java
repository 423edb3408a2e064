package sluice.job.report;

import java.util.Locale;
import java.util.Optional;
import sluice.job.column.FlaggedRanks;
import sluice.job.message.HumanText;
import sluice.job.message.TwoColumnText;
import sluice.job.settings.Settings;

/**
 * The estimates of a dry run: a table that compares them with the last run, and JSON for {@code report.path}.
 *
 * @param fingerprint SHA-256 of the model's weights
 * @param sharing tokens per computed step, with the rows in the table's order
 * @param sharingIfClustered tokens per computed step if the rows were sorted
 * @param flopsPerStep floating-point operations per computed step
 * @param flopsPerAnswer floating-point operations per answer
 * @param layout how the run would distribute rows to tasks
 * @param tokensPerSecond of one core
 * @param taskSeconds time of all tasks together
 * @param seconds time of the whole run
 * @param cores that run tasks
 * @param outputBytes before compression
 * @param ranks what thresholds flag in the sample, if ranks are requested
 */
public record DryRunReport(
        Settings settings,
        String fingerprint,
        long rows,
        double tokens,
        double sharing,
        double sharingIfClustered,
        long flopsPerStep,
        long flopsPerAnswer,
        String layout,
        double tokensPerSecond,
        double taskSeconds,
        double seconds,
        int cores,
        double outputBytes,
        Optional<FlaggedRanks> ranks) {
    public byte[] json() {
        return ReportJson.dryRun(this);
    }

    /** Adds the estimates to a page, with the measurements of the last run beside them if there was one. */
    public void addTo(TwoColumnText page, Optional<LastRun> last) {
        page.add("", "")
                .add(
                        "",
                        "%-28s %s",
                        "estimated",
                        last.map(run -> "last run, " + run.started()).orElse(""));
        compare(
                page,
                "rows",
                String.format(Locale.ROOT, "%,d", rows),
                last.map(run -> String.format(Locale.ROOT, "%,d", run.rows())));
        compare(
                page,
                "tokens",
                String.format(Locale.ROOT, "%,.0f", tokens),
                last.map(run -> String.format(Locale.ROOT, "%,d", run.tokens())));
        compare(
                page,
                "sharing",
                String.format(Locale.ROOT, "%.1f", sharing),
                last.map(run -> String.format(Locale.ROOT, "%.1f", run.sharing())));
        compare(page, "speed", speed(tokensPerSecond), last.map(run -> speed(run.tokensPerSecond())));
        compare(
                page,
                "tasks' time",
                HumanText.duration(taskSeconds),
                last.map(run -> HumanText.duration(run.taskSeconds())));
        compare(
                page,
                "in all",
                "%s on %s".formatted(HumanText.duration(seconds), HumanText.count(cores, "core")),
                last.map(run -> HumanText.duration(run.seconds())));
        page.add("size", "%s before compression", HumanText.size(outputBytes));
        ranks.ifPresent(flagged -> flagged.addTo(page));
    }

    private static String speed(double tokensPerSecond) {
        return String.format(Locale.ROOT, "%,.0f tokens/s a core", tokensPerSecond);
    }

    private static void compare(TwoColumnText page, String name, String estimated, Optional<String> measured) {
        page.add(
                name,
                "%s",
                measured.map(last -> "%-28s %s".formatted(estimated, last)).orElse(estimated));
    }
}
