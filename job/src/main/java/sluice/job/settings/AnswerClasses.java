package sluice.job.settings;

import java.util.Optional;

/**
 * The classes that the answer to a row is about: {@code output.candidates} and {@code output.exclude}.
 *
 * @param candidates the column that lists a row's candidates; empty: all classes
 * @param withoutSeen whether the tokens of the row itself are excluded
 * @param excluded the column that lists a row's excluded classes
 */
public record AnswerClasses(Optional<String> candidates, boolean withoutSeen, Optional<String> excluded) {
    /** The value of {@code output.exclude} for the row's own tokens. */
    public static final String SEEN = "seen";

    static AnswerClasses of(SettingValues values) {
        Optional<String> exclude = values.optional(SettingKey.OUTPUT_EXCLUDE);
        boolean seen = exclude.filter(SEEN::equals).isPresent();
        return new AnswerClasses(
                values.optional(SettingKey.OUTPUT_CANDIDATES), seen, seen ? Optional.empty() : exclude);
    }

    /** Whether classes are excluded. */
    boolean excludes() {
        return withoutSeen || excluded.isPresent();
    }
}
