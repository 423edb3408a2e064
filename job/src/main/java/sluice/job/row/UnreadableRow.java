package sluice.job.row;

/** Thrown while a row is read, if the row cannot be scored. Has no stack trace, because bad rows may be many. */
public final class UnreadableRow extends Exception {
    private static final long serialVersionUID = 1L;

    private final String code;

    /** @param code reason code of {@link RowDefect} */
    public UnreadableRow(String code, String text) {
        super(text, null, false, false);
        this.code = code;
    }

    public RowDefect defect() {
        return new RowDefect(code, getMessage());
    }
}
