package sluice.cell.weights.file;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;

/** Where a model file lies: opens the files beside it and below, for models that are more than one. */
@FunctionalInterface
public interface ModelFolder {
    /**
     * Opens a file of the folder.
     *
     * @param file its path from the folder on, which the reader has found not to lead out of it: names without {@code ..}, with
     *     slashes between them
     * @return the file, which the caller closes
     * @throws java.nio.file.NoSuchFileException or {@link java.io.FileNotFoundException}, where there is none
     * @throws IOException where it can't be opened
     */
    SeekableByteChannel open(String file) throws IOException;
}
