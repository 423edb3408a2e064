package sluice.job.column;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import sluice.cell.ScoredSequence;
import sluice.job.message.HumanText;
import sluice.job.message.TwoColumnText;

/**
 * What a threshold of top-g flags in scored sequences, for g from 1 to {@link #LARGEST}: the tokens whose rank is above g, and the
 * sequences that have one. Sent to the driver; not a record, because Kryo can't read records.
 */
public final class FlaggedRanks implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The largest threshold. */
    public static final int LARGEST = 20;

    private final long[] flaggedSequences = new long[LARGEST]; // by g - 1
    private final long[] flaggedTokens = new long[LARGEST];
    private long sequences;
    private long unranked;
    private long tokens;

    private FlaggedRanks() {}

    /** @param answers to a request for ranks; those with a defect are left out */
    public static FlaggedRanks of(Collection<ScoredSequence> answers) {
        FlaggedRanks flagged = new FlaggedRanks();
        answers.stream().filter(answer -> answer.defect().isEmpty()).forEach(flagged::add);
        return flagged;
    }

    private void add(ScoredSequence answer) {
        int[] ranks = answer.ranks();
        sequences++;
        unranked += ranks.length == 0 ? 1 : 0;
        tokens += ranks.length;
        int largest = Arrays.stream(ranks).max().orElse(0);
        for (int g = 1; g <= LARGEST; g++) {
            flaggedSequences[g - 1] += largest > g ? 1 : 0;
        }
        for (int rank : ranks) {
            for (int g = 1; g < Math.min(rank, LARGEST + 1); g++) {
                flaggedTokens[g - 1]++;
            }
        }
    }

    /** Scored sequences. */
    public long sequences() {
        return sequences;
    }

    /** Sequences of them without a ranked token. */
    public long unranked() {
        return unranked;
    }

    /** Ranked tokens. */
    public long tokens() {
        return tokens;
    }

    /** Sequences that have a token of a rank above g. */
    public long sequencesAbove(int g) {
        return flaggedSequences[g - 1];
    }

    /** Tokens of a rank above g. */
    public long tokensAbove(int g) {
        return flaggedTokens[g - 1];
    }

    /** Adds a table to a page, one line for each threshold. */
    public void addTo(TwoColumnText page) {
        page.add("", "");
        page.add(
                "ranks",
                "what top-g flags in %s of the sample, with %s ranked%s",
                HumanText.count(sequences, "sequence"),
                HumanText.count(tokens, "token"),
                unranked == 0 ? "" : String.format(Locale.ROOT, "; %,d of them have no ranked token", unranked));
        for (int g = 1; g <= LARGEST; g++) {
            page.add(
                    "rank > " + g,
                    "%-28s %s",
                    share(sequencesAbove(g), sequences, "sequence"),
                    share(tokensAbove(g), tokens, "token"));
        }
    }

    private static String share(long part, long whole, String noun) {
        return String.format(
                Locale.ROOT, "%s (%.2f %%)", HumanText.count(part, noun), whole == 0 ? 0 : 100.0 * part / whole);
    }

    /** The same as values of a report in JSON. */
    public Map<String, Object> json() {
        List<Map<String, Object>> thresholds = IntStream.rangeClosed(1, LARGEST)
                .mapToObj(g -> {
                    Map<String, Object> threshold = new LinkedHashMap<>();
                    threshold.put("g", g);
                    threshold.put("sequences", sequencesAbove(g));
                    threshold.put("tokens", tokensAbove(g));
                    return threshold;
                })
                .toList();
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("sequences", sequences);
        tree.put("sequences-without-rank", unranked);
        tree.put("tokens", tokens);
        tree.put("rank-above", thresholds);
        return tree;
    }
}
