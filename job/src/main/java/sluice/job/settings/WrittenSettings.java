package sluice.job.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The settings that a report states, so that the rows of an output can be scored again: those of the settings hash, but not what selects
 * the input's rows or opens its files, which may contain passwords.
 */
final class WrittenSettings {
    private WrittenSettings() {}

    /** @param merged all settings */
    static Map<String, Object> of(Config merged) {
        Map<String, Object> written = new LinkedHashMap<>();
        for (SettingKey key : SettingKey.values()) {
            if (isWritten(key) && merged.hasPathOrNull(key.key()) && !isEmptyMap(key, merged)) {
                // HOCON reads the word null as its null, but it is also the name of a constant.
                boolean isNull = merged.getIsNull(key.key());
                written.put(key.key(), isNull ? "null" : merged.getAnyRef(key.key()));
            }
        }
        return written;
    }

    private static boolean isEmptyMap(SettingKey key, Config merged) {
        return key.isMap() && merged.getObject(key.key()).isEmpty();
    }

    private static boolean isWritten(SettingKey key) {
        boolean isSource = key == SettingKey.INPUT_FILTER || key.isOptions();
        return (key.isHashed() && !isSource) || key == SettingKey.INPUT_KEY;
    }

    /** Precedence: command line, written settings, defaults. */
    static Config merge(Map<String, Object> written, Map<String, String> overrides) {
        Map<String, Object> known = new LinkedHashMap<>(written);
        // A report of a later version may have settings that this version does not know.
        known.keySet()
                .removeIf(name -> Arrays.stream(SettingKey.values())
                        .noneMatch(key -> isWritten(key) && key.key().equals(name)));
        return SettingValues.over(ConfigFactory.parseMap(known, "report"), overrides);
    }
}
