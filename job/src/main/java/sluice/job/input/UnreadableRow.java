package sluice.job.input;

/** Thrown to leave the reading of a row from within. */
public final class UnreadableRow extends Exception {
    private static final long serialVersionUID = 1L;

    private final String code;

    /** @param code of {@link RowDefect} */
    public UnreadableRow(String code, String text) {
        super(text, null, false, false);
        this.code = code;
    }

    public RowDefect defect() {
        return new RowDefect(code, getMessage());
    }
}
