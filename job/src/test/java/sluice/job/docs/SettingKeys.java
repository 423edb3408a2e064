package sluice.job.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The keys of {@code conf/scoring.conf}. */
final class SettingKeys {
    private static final Set<String> KEYS =
            ConfigFactory.parseFile(Document.ROOT.resolve("conf/scoring.conf").toFile()).entrySet().stream()
                    .map(entry -> entry.getKey())
                    .collect(Collectors.toUnmodifiableSet());

    /** The user's own keys stand below these. */
    private static final List<String> MAPS = List.of("input.options", "input.vocabularies", "output.options");

    private SettingKeys() {}

    static boolean isKnown(String key) {
        return KEYS.contains(key) || MAPS.stream().anyMatch(map -> key.equals(map) || key.startsWith(map + "."));
    }

    /** The first parts of keys. */
    static Set<String> sections() {
        return KEYS.stream().map(key -> key.replaceAll("\\..*", "")).collect(Collectors.toSet());
    }

    static void requireKnown(String key, String where) {
        assertThat(isKnown(key))
                .as("%s: setting %s is in conf/scoring.conf", where, key)
                .isTrue();
    }

    static void requireKnown(Config settings, String where) {
        settings.entrySet().forEach(entry -> requireKnown(entry.getKey(), where));
    }
}
