package sluice.job;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/** Outputs that are staged without a run, where the rows don't matter. */
final class Stagings {
    private Stagings() {}

    /** A table in partitions by day. */
    static StagedOutput byDay(String output, OutputMode mode, String run, Configuration hadoop) {
        Settings settings = Settings.read(
                null,
                Map.of(
                        "model.path",
                        "m",
                        "input.path",
                        "in",
                        "output.path",
                        output,
                        "output.partition-by",
                        "day",
                        "output.mode",
                        SettingValues.name(mode)));
        return StagedOutput.at(settings.output(), Optional.empty(), RunName.of(run, Instant.EPOCH), hadoop);
    }
}
