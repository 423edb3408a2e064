package sluice.cell.weights.file;

/**
 * One file inside a zip archive, as the archive's directory describes it.
 *
 * @param deflated whether its bytes are compressed, with deflate
 * @param storedBytes how many bytes it takes in the archive
 * @param bytes how many it has
 * @param headerAt where its local header begins in the archive
 */
public record ZipEntry(String name, boolean deflated, long storedBytes, long bytes, long headerAt) {}
