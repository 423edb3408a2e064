package sluice.cell.weights.file;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;

/** The folder of a model file. Opens further files of a model in this folder and its subfolders. */
@FunctionalInterface
public interface ModelFolder {
    /**
     * Opens a file of the folder.
     *
     * @param file path relative to the folder, with {@code /} as separator; the reader has already checked that it
     *     contains no {@code ..}
     * @return the file; the caller closes it
     * @throws java.nio.file.NoSuchFileException or {@link java.io.FileNotFoundException} if the file does not exist
     * @throws IOException if the file can't be opened
     */
    SeekableByteChannel open(String file) throws IOException;
}
