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
import sluice.job.message.DecodedText;
import sluice.job.message.RefusedException;
import sluice.job.message.Suggestion;

/**
 * Reads and checks single settings of the merged configuration.
 *
 * <p>The defaults are {@code conf/scoring.conf} itself, which the build puts into the jar.
 */
public final class SettingValues {
    /** {@code conf/scoring.conf} as built into the jar. */
    static final Config DEFAULTS =
            ConfigFactory.parseResources(SettingValues.class.getClassLoader(), "sluice/job/scoring.conf");

    private final Config config;

    SettingValues(Config config) {
        this.config = config;
    }

    /** Precedence: command line, settings file, defaults. */
    static Config merge(Path file, Map<String, String> overrides) {
        return merge(file, overrides, "--set");
    }

    /**
     * Precedence: overrides, settings file, defaults.
     *
     * @param file or null
     * @param where the source of the overrides, for messages
     */
    static Config merge(Path file, Map<String, String> overrides, String where) {
        return merge(file == null ? ConfigFactory.empty() : parse(file), overrides, where);
    }

    /** The same over settings that are read already. */
    static Config over(Config base, Map<String, String> overrides) {
        return merge(base, overrides, "--set");
    }

    private static Config merge(Config base, Map<String, String> overrides, String where) {
        Config fromCommand = ConfigFactory.empty();
        for (Map.Entry<String, String> override : overrides.entrySet()) {
            requireKnown(where, override.getKey());
            fromCommand = fromCommand.withValue(override.getKey(), value(override.getKey(), override.getValue()));
        }
        Config merged = fromCommand.withFallback(base).withFallback(DEFAULTS).resolve();
        for (Map.Entry<String, ConfigValue> setting : merged.entrySet()) { // also values of environment variables
            DecodedText.require(
                    setting.getKey(), String.valueOf(setting.getValue().unwrapped()));
        }
        return merged;
    }

    private static Config parse(Path file) {
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
            requireKnown(file.toString(), entry.getKey());
        }
        return config;
    }

    private static void requireKnown(String where, String key) {
        if (SettingKey.of(key).isEmpty()) {
            String nearest = Suggestion.to(
                    key,
                    Arrays.stream(SettingKey.values())
                            .filter(setting -> !setting.isMap())
                            .map(SettingKey::key)
                            .toList());
            throw new RefusedException("%s: unknown key '%s', did you mean '%s'?".formatted(where, key, nearest));
        }
    }

    private static ConfigValue value(String key, String value) {
        boolean isList = DEFAULTS.hasPath(key) && DEFAULTS.getValue(key).valueType() == ConfigValueType.LIST;
        return isList
                ? ConfigValueFactory.fromIterable(splitAtCommas(value), "command line")
                : ConfigValueFactory.fromAnyRef(value, "command line");
    }

    private static List<String> splitAtCommas(String value) {
        return Arrays.stream(value.split(",", -1))
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .toList();
    }

    /** Whether neither the file nor the command line sets it. */
    boolean isDefault(SettingKey key) {
        return config.getValue(key.key()).origin().resource() != null;
    }

    String string(SettingKey key) {
        return readAs(key, "text", () -> config.getString(key.key()));
    }

    /** A setting whose empty value means not given. */
    Optional<String> optional(SettingKey key) {
        return Optional.of(string(key)).filter(value -> !value.isEmpty());
    }

    String required(SettingKey key) {
        return optional(key).orElseThrow(() -> missing(key));
    }

    /** The refusal for a required setting that has an option. */
    static RefusedException missing(SettingKey key) {
        String option = key.option().orElseThrow();
        return new RefusedException("no %s: pass %s or set %s".formatted(option.substring(2), option, key));
    }

    /** A list, or a text with commas. */
    List<String> strings(SettingKey key) {
        ConfigValue value = config.hasPath(key.key()) ? config.getValue(key.key()) : null;
        if (value == null || value.valueType() == ConfigValueType.LIST) {
            return readAs(key, "a list of texts", () -> config.getStringList(key.key()));
        }
        return splitAtCommas(string(key));
    }

    /** The entries of a map; a key may have dots. */
    Map<String, String> map(SettingKey key) {
        Map<String, String> map = new TreeMap<>();
        for (Map.Entry<String, ConfigValue> entry : config.getConfig(key.key()).entrySet()) {
            String name = String.join(".", ConfigUtil.splitPath(entry.getKey()));
            map.put(name, String.valueOf(entry.getValue().unwrapped()));
        }
        return map;
    }

    long within(SettingKey key, long least, long most) {
        long value = readAs(key, "a whole number", () -> wholeNumber(key));
        if (value < least || value > most) {
            throw new RefusedException(
                    String.format(Locale.ROOT, "%s = %d: expected %d to %d", key, value, least, most));
        }
        return value;
    }

    /** Integer of at least 0; empty if the value equals {@code word}. */
    OptionalInt numberOr(String word, SettingKey key) {
        return numberOr(word, key, 0);
    }

    /** Integer of at least this value; empty if the value equals {@code word}. */
    OptionalInt numberOr(String word, SettingKey key, int least) {
        if (string(key).equals(word)) {
            return OptionalInt.empty();
        }
        String expected = String.format(Locale.ROOT, "%s, or a whole number from %d", word, least);
        long value = readAs(key, expected, () -> wholeNumber(key));
        if (value < least || value > Integer.MAX_VALUE) {
            throw new RefusedException(String.format(Locale.ROOT, "%s = %d: expected %s", key, value, expected));
        }
        return OptionalInt.of((int) value);
    }

    /** Refuses a fraction, which the library would truncate. */
    private long wholeNumber(SettingKey key) {
        long value = config.getLong(key.key());
        if (config.getDouble(key.key()) != value) {
            throw new ConfigException.BadValue(key.key(), "not a whole number");
        }
        return value;
    }

    boolean flag(SettingKey key) {
        return readAs(key, "true or false", () -> config.getBoolean(key.key()));
    }

    /** Between 0 and 1. */
    double fraction(SettingKey key) {
        double value = readAs(key, "a number between 0 and 1", () -> config.getDouble(key.key()));
        if (!(value >= 0 && value <= 1)) {
            throw new RefusedException("%s = %s: expected a number between 0 and 1".formatted(key, value));
        }
        return value;
    }

    /** A float32 above 0. */
    float positive(SettingKey key) {
        float value = (float) (double) readAs(key, "a number above 0", () -> config.getDouble(key.key()));
        if (!(value > 0) || Float.isInfinite(value)) {
            throw new RefusedException(
                    "%s = %s: expected a number above 0".formatted(key, rendered(config, key.key())));
        }
        return value;
    }

    long bytes(SettingKey key, long least) {
        return bytes(config, key.key(), least);
    }

    /** A size from 0, of a key that is not in {@code conf/scoring.conf}. */
    public static long bytes(String key, String value) {
        return bytes(ConfigFactory.parseMap(Map.of(key, value)), key, 0);
    }

    private static long bytes(Config config, String key, long least) {
        long value = readAs(config, key, "a size such as 64 MiB", () -> config.getBytes(key));
        if (value < least) {
            throw new RefusedException(
                    String.format(Locale.ROOT, "%s = %d bytes: expected at least %d", key, value, least));
        }
        return value;
    }

    /**
     * A constant by its name in settings.
     *
     * @param others further values that the caller accepts, for the message
     */
    <E extends Enum<E>> E constant(SettingKey key, Class<E> type, String... others) {
        // HOCON reads the word null as its null, but it is also the name of a constant.
        boolean isNull = config.hasPathOrNull(key.key()) && config.getIsNull(key.key());
        return constant(key, isNull ? "null" : string(key), type, others);
    }

    <E extends Enum<E>> List<E> constants(SettingKey key, Class<E> type) {
        return strings(key).stream().map(value -> constant(key, value, type)).toList();
    }

    private static <E extends Enum<E>> E constant(SettingKey key, String value, Class<E> type, String... others) {
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

    /** The name of a constant in settings: {@code one-hot} for {@code ONE_HOT}. */
    public static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private <T> T readAs(SettingKey key, String expected, Supplier<T> read) {
        return readAs(config, key.key(), expected, read);
    }

    private static <T> T readAs(Config config, String key, String expected, Supplier<T> read) {
        try {
            return read.get();
        } catch (ConfigException e) {
            throw new RefusedException("%s = %s: expected %s".formatted(key, rendered(config, key), expected), e);
        }
    }

    private static String rendered(Config config, String key) {
        return config.hasPath(key) ? config.getValue(key).render(ConfigRenderOptions.concise()) : "null";
    }
}
