package sluice.job.input;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import sluice.cell.Defect;
import sluice.job.settings.SettingValues;

/**
 * Why a row cannot be scored.
 *
 * @param code stable reason code, such as {@code token-out-of-range}
 * @param text what was found and what was expected
 */
public record RowDefect(String code, String text) {
    static final String NULL_SEQUENCE = "null-sequence";
    static final String NULL_ELEMENT = "null-element";
    static final String UNKNOWN_WORD = "unknown-word";
    static final String TOO_SHORT = "too-short";
    static final String TOO_LONG = "too-long";
    public static final String NULL_KEY = "null-key";
    static final String WRONG_TYPE = "wrong-type";
    static final String BROKEN_RECORD = "broken-record";

    /** The only code about the state instead of the sequence. */
    public static final String WRONG_STATE = code(Defect.Kind.WRONG_STATE);

    /** All reason codes. */
    public static SortedSet<String> codes() {
        SortedSet<String> codes = new TreeSet<>(List.of(
                NULL_SEQUENCE, NULL_ELEMENT, UNKNOWN_WORD, TOO_SHORT, TOO_LONG, NULL_KEY, WRONG_TYPE, BROKEN_RECORD));
        for (Defect.Kind kind : Defect.Kind.values()) {
            codes.add(code(kind));
        }
        return codes;
    }

    public static RowDefect of(Defect defect) {
        return new RowDefect(code(defect.kind()), defect.text());
    }

    /** Whether the candidates are wrong, not the sequence. */
    public boolean isOfCandidates() {
        return code.equals(code(Defect.Kind.NULL_CANDIDATES)) || code.equals(code(Defect.Kind.CANDIDATE_OUT_OF_RANGE));
    }

    static String code(Defect.Kind kind) {
        return SettingValues.name(kind);
    }
}
