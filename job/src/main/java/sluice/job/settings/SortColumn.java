package sluice.job.settings;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import sluice.job.message.RefusedException;

/**
 * A column of {@code input.order-by}.
 *
 * @param name of a column, or a field of a struct with dots between the names
 * @param descending whether the largest value comes first
 */
public record SortColumn(String name, boolean descending) {
    private static final Pattern DIRECTION = Pattern.compile("(.*\\S)\\s+(asc|desc)", Pattern.CASE_INSENSITIVE);

    /** Parses {@code time}, {@code time asc} or {@code time desc}. */
    static SortColumn of(String text) {
        Matcher directed = DIRECTION.matcher(text);
        return directed.matches()
                ? new SortColumn(directed.group(1), directed.group(2).equalsIgnoreCase("desc"))
                : new SortColumn(text, false);
    }

    static List<SortColumn> of(List<String> texts) {
        List<SortColumn> columns = texts.stream().map(SortColumn::of).toList();
        long distinct = columns.stream().map(SortColumn::name).distinct().count();
        if (distinct < columns.size()) {
            throw new RefusedException(
                    "%s = %s: names a column twice".formatted(SettingKey.INPUT_ORDER_BY, String.join(", ", texts)));
        }
        return columns;
    }

    @Override
    public String toString() {
        return descending ? name + " desc" : name;
    }
}
