package sluice.cell.online;

import sluice.cell.Defect;

/** A sequence cannot be scored. The message is a sentence: what was found, where, and what was expected. */
public final class UnscorableException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final Defect.Kind reason;

    UnscorableException(Defect defect) {
        super(defect.text());
        this.reason = defect.kind();
    }

    /** The stable name of the reason, which a job writes for a bad row. */
    public Defect.Kind reason() {
        return reason;
    }
}
