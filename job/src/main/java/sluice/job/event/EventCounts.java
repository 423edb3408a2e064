package sluice.job.event;

import java.util.Locale;
import java.util.Optional;
import sluice.job.message.HumanText;

/**
 * What a run counted while it grouped events.
 *
 * @param events rows of the input
 * @param sequences keys, those of bad rows included
 * @param open events whose place is open: equal to the event before them in all columns of the order, with another token
 * @param example a key with most of the open places, for example {@code account=7}; empty if there are none
 */
public record EventCounts(long events, long sequences, long open, String example) {
    /** For the terminal and the report. */
    public String sentence() {
        return "%s of %s".formatted(HumanText.count(events, "event"), HumanText.count(sequences, "key"));
    }

    /** What to do about open places; empty if there are none. */
    public Optional<String> warning() {
        return open == 0
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "input.order-by leaves the order of %s open, most of them in %s: they equal the event before them in all its columns."
                                + " They were ordered by their tokens, which is the same in every run, but may not be the order in which they happened; add columns to input.order-by",
                        HumanText.count(open, "event"),
                        example));
    }
}
