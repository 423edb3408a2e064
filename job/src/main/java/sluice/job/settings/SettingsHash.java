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

    /** @param merged the command line over the file over the defaults */
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

    /** The value as on the command line: a number has no quotes, and a list is joined by commas. */
    private static String text(ConfigValue value) {
        return value.unwrapped() instanceof List<?> list
                ? list.stream().map(String::valueOf).collect(Collectors.joining(","))
                : String.valueOf(value.unwrapped());
    }
}
