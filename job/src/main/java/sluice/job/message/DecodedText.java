package sluice.job.message;

import java.nio.charset.StandardCharsets;

/** Checks that texts from outside were decoded without loss. A text that lost characters would match nothing, without an error. */
public final class DecodedText {
    private static final char REPLACEMENT = '\uFFFD'; // what a decoder puts for bytes that it can't decode

    private DecodedText() {}

    /**
     * Checks a text.
     *
     * @param where what the text is, for the message
     * @throws RefusedException if characters were lost
     */
    public static void require(String where, String text) {
        if (text.indexOf(REPLACEMENT) >= 0
                || !StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new RefusedException(
                    "%s: '%s' has characters that could not be decoded: expected text in the encoding of the process's locale; set LC_ALL to a UTF-8 locale, for example C.UTF-8"
                            .formatted(where, text.replaceAll("\\p{Cs}", String.valueOf(REPLACEMENT))));
        }
    }
}
