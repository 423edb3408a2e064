package sluice.job.settings;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import sluice.cell.model.InputPart;
import sluice.job.message.RefusedException;

/**
 * The value of a setting for each of several inputs: {@code COLUMN=VALUE} for the columns that it names, separated by commas; or one value,
 * which holds for all columns of tokens, and for all columns if none has tokens.
 */
public final class ColumnValues {
    private final Map<String, String> values; // by column

    private ColumnValues(Map<String, String> values) {
        this.values = values;
    }

    /**
     * @param key of the setting, for messages
     * @throws RefusedException if it names some columns, and has an entry that names none
     */
    public static ColumnValues of(String key, Optional<String> setting, List<InputPart> parts) {
        Map<String, String> values = new LinkedHashMap<>();
        if (setting.isEmpty()) {
            return new ColumnValues(values);
        }
        boolean isNamed = parts.stream().anyMatch(part -> setting.get().startsWith(part.name() + "="));
        if (!isNamed) {
            boolean anyTokens = parts.stream().anyMatch(part -> part.embedding().isPresent());
            parts.stream()
                    .filter(part -> !anyTokens || part.embedding().isPresent())
                    .forEach(part -> values.put(part.name(), setting.get()));
            return new ColumnValues(values);
        }
        for (String entry : setting.get().split(",")) {
            InputPart named = parts.stream()
                    .filter(part -> entry.startsWith(part.name() + "="))
                    .findFirst()
                    .orElseThrow(() -> unnamed(key, setting.get(), entry, parts));
            if (values.put(named.name(), entry.substring(named.name().length() + 1)) != null) {
                throw new RefusedException(
                        "%s = '%s': names column '%s' twice".formatted(key, setting.get(), named.name()));
            }
        }
        return new ColumnValues(values);
    }

    private static RefusedException unnamed(String key, String setting, String entry, List<InputPart> parts) {
        return new RefusedException("%s = '%s': found '%s', expected COLUMN=VALUE with one of the columns %s"
                .formatted(
                        key,
                        setting,
                        entry,
                        parts.stream().map(part -> "'" + part.name() + "'").collect(Collectors.joining(", "))));
    }

    /** The value for a column; empty if there is none. */
    public Optional<String> of(String column) {
        return Optional.ofNullable(values.get(column));
    }
}
