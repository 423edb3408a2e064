package sluice.job;

/** Thrown to leave the reading of a row from within. */
final class UnreadableRow extends Exception {
    private static final long serialVersionUID = 1L;

    private final String code;

    /** @param code of {@link RowDefect} */
    UnreadableRow(String code, String text) {
        super(text, null, false, false);
        this.code = code;
    }

    RowDefect defect() {
        return new RowDefect(code, getMessage());
    }
}
