/**
 * What a trained LSTM is: immutable, serializable, the same whatever file it came from.
 *
 * <p>An {@link sluice.cell.model.LstmModel} is the value that a job broadcasts. Its classes hold plain arrays and strings in
 * non-transient fields and are no records, because Kryo can neither read a record nor keep what Java's own hooks
 * ({@code writeReplace}, {@code Externalizable}) would restore. Arrays are handed out without a copy and are never written
 * after construction.
 */
package sluice.cell.model;
