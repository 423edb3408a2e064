package sluice.job.message;

import java.util.Collection;
import java.util.Comparator;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** Suggests the name that a misspelt one was meant to be. */
public final class Suggestion {
    private Suggestion() {}

    /** The candidate with the smallest edit distance; the first in alphabetical order among equals. */
    public static String to(String name, Collection<String> candidates) {
        LevenshteinDistance distance = LevenshteinDistance.getDefaultInstance();
        return candidates.stream()
                .min(Comparator.<String>comparingInt(candidate -> distance.apply(name, candidate))
                        .thenComparing(Comparator.naturalOrder()))
                .orElseThrow();
    }
}
