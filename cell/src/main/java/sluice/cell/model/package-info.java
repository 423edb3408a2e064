/**
 * A trained LSTM as a value: immutable, serializable, independent of the file format it was read from. May use no other package of ours.
 *
 * <p>An {@link sluice.cell.model.LstmModel} is the value that a job broadcasts. Its classes are not records and hold plain
 * arrays and strings in non-transient fields, because Kryo can neither read records nor call Java's serialization hooks
 * ({@code writeReplace}, {@code Externalizable}). Accessors return arrays without a copy; nobody may write to them.
 */
package sluice.cell.model;
