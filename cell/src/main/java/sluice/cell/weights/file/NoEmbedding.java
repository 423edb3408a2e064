package sluice.cell.weights.file;

import java.util.Locale;

/** The note on a file without an embedding, whose LSTM reads numbers or one-hot tokens. */
public final class NoEmbedding {
    private NoEmbedding() {}

    /**
     * The note.
     *
     * @param source what the LSTM reads them from: {@code "input 'x', "}, or empty
     * @param width numbers that it reads at each step
     * @param areFeatures whether they can't be one-hot tokens
     */
    public static String note(String source, int width, boolean areFeatures) {
        String numbers = String.format(
                Locale.ROOT,
                "no embedding in the file: the LSTM reads %s%d number%s a step",
                source,
                width,
                width == 1 ? "" : "s");
        return areFeatures || width == 1
                ? numbers
                : String.format(Locale.ROOT, "%s, or one-hot tokens below %d", numbers, width);
    }
}
