package sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import sluice.job.settings.SettingKey;

/** The options of the command line agree with the table of settings. */
class ScoreCommandTest {
    /** Options that are not settings. */
    private static final List<String> OTHERS = List.of(
            "--config",
            "--set",
            "--status",
            "--audit",
            "--fraction",
            "--show",
            "--describe",
            "--save-model",
            "--dry-run",
            "--help",
            "--version");

    @Test
    void everyOptionIsASettingOrOneOfTheOthers() {
        Stream<String> settings = Arrays.stream(SettingKey.values()).flatMap(key -> key.option().stream());
        List<String> options = new CommandLine(ScoreCommand.class)
                .getCommandSpec().options().stream()
                        .map(OptionSpec::longestName)
                        .toList();
        assertThat(options)
                .containsExactlyInAnyOrderElementsOf(
                        Stream.concat(settings, OTHERS.stream()).toList());
    }

    /** Their values are texts, which the settings parse. */
    @Test
    void optionsOfSettingsAreTexts() {
        CommandLine command = new CommandLine(ScoreCommand.class);
        for (SettingKey key : SettingKey.values()) {
            key.option()
                    .ifPresent(option -> assertThat(
                                    command.getCommandSpec().findOption(option).type())
                            .as(option)
                            .isEqualTo(String.class));
        }
    }
}
