package sluice.cell.weights.file;

/**
 * One file inside a zip archive, as the archive's directory describes it.
 *
 * @param deflated whether the content is compressed with deflate
 * @param storedBytes size in the archive
 * @param bytes uncompressed size
 * @param headerAt offset of the local header in the archive
 */
record ZipEntry(String name, boolean deflated, long storedBytes, long bytes, long headerAt) {}
