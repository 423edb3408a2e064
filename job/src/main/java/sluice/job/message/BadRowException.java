package sluice.job.message;

import sluice.cell.model.Printable;

/** More bad rows than the settings allow. The message names one of them and its defect. */
public final class BadRowException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BadRowException(String message) {
        super(Printable.of(message)); // it shows values of rows
    }
}
