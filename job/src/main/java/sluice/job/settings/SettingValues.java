package sluice.job.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import sluice.job.message.RefusedException;
import sluice.job.message.Suggestion;

/**
 * Reads single settings out of their merged tree, and says in the user's words what is wrong with one.
 *
 * <p>The defaults are {@code conf/scoring.conf} itself, which the build puts into the jar: there is no second list of keys.
 */
public final class SettingValues {
    private static final String DEFAULTS = "sluice/job/scoring.conf";

    /** Whose keys are not ours. */
    private static final List<String> MAPS = List.of("input.options", "output.options");

    private final Config config;

    public SettingValues(Config config) {
        this.config = config;
    }

    /** Command line over file over defaults. */
    static Config merge(Path file, Map<String, String> overrides) {
        return merge(file, overrides, "--set");
    }

    /** @param where the overrides stand, for messages */
    static Config merge(Path file, Map<String, String> overrides, String where) {
        Config defaults = ConfigFactory.parseResources(SettingValues.class.getClassLoader(), DEFAULTS);
        Config fromFile = file == null ? ConfigFactory.empty() : parse(file, defaults);
        Config fromCommand = ConfigFactory.empty();
        for (Map.Entry<String, String> override : overrides.entrySet()) {
            requireKnown(where, override.getKey(), defaults);
            fromCommand =
                    fromCommand.withValue(override.getKey(), value(override.getKey(), override.getValue(), defaults));
        }
        return fromCommand.withFallback(fromFile).withFallback(defaults).resolve();
    }

    private static Config parse(Path file, Config defaults) {
        if (!Files.isReadable(file)) {
            throw new RefusedException("%s: no such settings file, or not readable: check --config".formatted(file));
        }
        Config config;
        try {
            config = ConfigFactory.parseFile(file.toFile()).resolve();
        } catch (ConfigException e) {
            throw new RefusedException("%s: not readable as settings: %s".formatted(file, e.getMessage()), e);
        }
        for (Map.Entry<String, ConfigValue> entry : config.entrySet()) {
            requireKnown(file.toString(), entry.getKey(), defaults);
        }
        return config;
    }

    private static void requireKnown(String where, String key, Config defaults) {
        boolean known =
                defaults.entrySet().stream().anyMatch(entry -> entry.getKey().equals(key)) || isOfMap(key);
        if (!known) {
            String nearest = Suggestion.to(
                    key, defaults.entrySet().stream().map(Map.Entry::getKey).toList());
            throw new RefusedException("%s: unknown key '%s', did you mean '%s'?".formatted(where, key, nearest));
        }
    }

    /** Whether a key is the user's own, in a map of such. */
    private static boolean isOfMap(String key) {
        return MAPS.stream().anyMatch(map -> key.startsWith(map + "."));
    }

    private static ConfigValue value(String key, String value, Config defaults) {
        boolean list = !isOfMap(key) && defaults.getValue(key).valueType() == ConfigValueType.LIST;
        return list
                ? ConfigValueFactory.fromIterable(splitAtCommas(value), "command line")
                : ConfigValueFactory.fromAnyRef(value, "command line");
    }

    private static List<String> splitAtCommas(String value) {
        return Arrays.stream(value.split(",", -1))
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .toList();
    }

    /** Whether neither file nor command line says it. */
    boolean isDefault(String key) {
        return config.getValue(key).origin().resource() != null;
    }

    String string(String key) {
        return readAs(key, "text", () -> config.getString(key));
    }

    /** A setting whose empty value means: not given. */
    Optional<String> optional(String key) {
        return Optional.of(string(key)).filter(value -> !value.isEmpty());
    }

    String required(String key, String option) {
        return optional(key)
                .orElseThrow(() ->
                        new RefusedException("no %s: pass %s or set %s".formatted(option.substring(2), option, key)));
    }

    /** A list, or a single value that stands for one. */
    List<String> strings(String key) {
        ConfigValue value = config.hasPath(key) ? config.getValue(key) : null;
        if (value == null || value.valueType() == ConfigValueType.LIST) {
            return readAs(key, "a list of texts", () -> config.getStringList(key));
        }
        return splitAtCommas(string(key));
    }

    /** Keys of the user's own, dots in them included, and their values as text. */
    Map<String, String> map(String key) {
        Map<String, String> map = new TreeMap<>();
        for (Map.Entry<String, ConfigValue> entry : config.getConfig(key).entrySet()) {
            String name = String.join(".", ConfigUtil.splitPath(entry.getKey()));
            map.put(name, String.valueOf(entry.getValue().unwrapped()));
        }
        return map;
    }

    long atLeast(String key, long least, long most) {
        long value = readAs(key, "a whole number", () -> wholeNumber(key));
        if (value < least || value > most) {
            throw new RefusedException("%s = %d: expected %d to %d".formatted(key, value, least, most));
        }
        return value;
    }

    /** A whole number from 0, or none where this word stands instead. */
    OptionalInt numberOr(String word, String key) {
        if (string(key).equals(word)) {
            return OptionalInt.empty();
        }
        String expected = word + ", or a whole number from 0";
        long value = readAs(key, expected, () -> wholeNumber(key));
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw new RefusedException("%s = %d: expected %s".formatted(key, value, expected));
        }
        return OptionalInt.of((int) value);
    }

    /** A fraction is no whole number, though the library would cut it off. */
    private long wholeNumber(String key) {
        long value = config.getLong(key);
        if (config.getDouble(key) != value) {
            throw new ConfigException.BadValue(key, "not a whole number");
        }
        return value;
    }

    boolean flag(String key) {
        return readAs(key, "true or false", () -> config.getBoolean(key));
    }

    /** Between 0 and 1. */
    double fraction(String key) {
        double value = readAs(key, "a number between 0 and 1", () -> config.getDouble(key));
        if (!(value >= 0 && value <= 1)) {
            throw new RefusedException("%s = %s: expected a number between 0 and 1".formatted(key, value));
        }
        return value;
    }

    public long bytes(String key, long least) {
        long value = readAs(key, "a size such as 64 MiB", () -> config.getBytes(key));
        if (value < least) {
            throw new RefusedException("%s = %d bytes: expected at least %d".formatted(key, value, least));
        }
        return value;
    }

    <E extends Enum<E>> E constant(String key, Class<E> type, String... others) {
        // HOCON's null and the text are the same word, but no setting is left without a value.
        boolean isNull = config.hasPathOrNull(key) && config.getIsNull(key);
        return constant(key, isNull ? "null" : string(key), type, others);
    }

    <E extends Enum<E>> List<E> constants(String key, Class<E> type) {
        return strings(key).stream().map(value -> constant(key, value, type)).toList();
    }

    private static <E extends Enum<E>> E constant(String key, String value, Class<E> type, String... others) {
        for (E constant : type.getEnumConstants()) {
            if (name(constant).equals(value)) {
                return constant;
            }
        }
        String known =
                Arrays.stream(type.getEnumConstants()).map(SettingValues::name).collect(Collectors.joining(", "));
        throw new RefusedException("%s = '%s': expected one of %s%s"
                .formatted(key, value, others.length == 0 ? "" : String.join(", ", others) + ", ", known));
    }

    /** {@code ONE_HOT} is {@code one-hot} in settings. */
    public static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private <T> T readAs(String key, String expected, Supplier<T> read) {
        try {
            return read.get();
        } catch (ConfigException e) {
            throw new RefusedException("%s = %s: expected %s".formatted(key, rendered(key), expected), e);
        }
    }

    private String rendered(String key) {
        return config.hasPath(key) ? config.getValue(key).render(ConfigRenderOptions.concise()) : "null";
    }
}
