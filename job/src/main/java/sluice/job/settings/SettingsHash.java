package sluice.job.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The SHA-256 of the settings that can change answers or their form; {@link SettingKey} says which. Two runs with the same hash and the
 * same SHA-256 of the model give a row the same answer.
 *
 * <p>The hashed text has one line {@code key = value} for each setting, sorted. Different values with the same effect, for example
 * {@code auto} and what it resolves to, have different hashes.
 */
final class SettingsHash {
    private SettingsHash() {}

    /** @param merged all settings; precedence: command line, settings file, defaults */
    static String of(Config merged) {
        String text = merged.entrySet().stream()
                .filter(setting -> SettingKey.of(setting.getKey())
                        .map(SettingKey::isHashed)
                        .orElse(true))
                .map(setting -> "%s = %s\n".formatted(setting.getKey(), text(setting.getValue())))
                .sorted()
                .collect(Collectors.joining());
        return DigestUtils.sha256Hex(text);
    }

    /** Formats the value in command-line syntax: numbers without quotes, list elements joined by commas. */
    private static String text(ConfigValue value) {
        return value.unwrapped() instanceof List<?> list
                ? list.stream().map(String::valueOf).collect(Collectors.joining(","))
                : String.valueOf(value.unwrapped());
    }
}
