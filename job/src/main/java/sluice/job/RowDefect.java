package sluice.job;

import sluice.cell.Defect;

/**
 * Why a row can't be scored.
 *
 * @param code the stable name of the reason, such as {@code token-out-of-range}
 * @param text a sentence with what was found and what was expected
 */
record RowDefect(String code, String text) {
    static final String NULL_SEQUENCE = "null-sequence";
    static final String NULL_ELEMENT = "null-element";
    static final String UNKNOWN_WORD = "unknown-word";
    static final String TOO_SHORT = "too-short";
    static final String TOO_LONG = "too-long";
    static final String WRONG_TYPE = "wrong-type";
    static final String BROKEN_RECORD = "broken-record";

    /** The only one that speaks of the state's column. */
    static final String WRONG_STATE = code(Defect.Kind.WRONG_STATE);

    static RowDefect of(Defect defect) {
        return new RowDefect(code(defect.kind()), defect.text());
    }

    static String code(Defect.Kind kind) {
        return SettingValues.name(kind);
    }
}
