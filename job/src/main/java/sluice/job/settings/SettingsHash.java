package sluice.job.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The SHA-256 of the settings that can change answers or their form; {@link SettingKey} says which. Two runs with the same hash and the
 * same SHA-256 of the model give a row the same answer.
 *
 * <p>The hashed text has one line {@code key = value} for each setting, sorted. Different values with the same effect, for example
 * {@code auto} and what it resolves to, have different hashes. Settings that later versions added count only if they differ from their
 * defaults, so that hashes of earlier versions stay equal.
 */
final class SettingsHash {
    private SettingsHash() {}

    /** @param merged all settings; precedence: command line, settings file, defaults */
    static String of(Config merged) {
        String text = merged.entrySet().stream()
                .filter(setting -> SettingKey.of(setting.getKey())
                        .map(key -> key.isHashed() && !(key.isLater() && isDefault(setting)))
                        .orElse(true))
                .map(setting -> "%s = %s\n".formatted(setting.getKey(), text(setting.getValue())))
                .sorted()
                .collect(Collectors.joining());
        return DigestUtils.sha256Hex(text);
    }

    private static boolean isDefault(Map.Entry<String, ConfigValue> setting) {
        return text(setting.getValue()).equals(text(SettingValues.DEFAULTS.getValue(setting.getKey())));
    }

    /** Formats the value in command-line syntax: numbers without quotes, list elements joined by commas. */
    private static String text(ConfigValue value) {
        return value.unwrapped() instanceof List<?> list
                ? list.stream().map(String::valueOf).collect(Collectors.joining(","))
                : String.valueOf(value.unwrapped());
    }
}
