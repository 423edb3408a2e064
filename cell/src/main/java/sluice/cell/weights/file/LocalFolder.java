package sluice.cell.weights.file;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import sluice.cell.model.ModelException;

/** A folder of the local file system. Symbolic links to targets outside the folder are rejected. */
public final class LocalFolder implements ModelFolder {
    private final Path folder;

    private LocalFolder(Path folder) {
        this.folder = folder;
    }

    /** The folder that contains this file. */
    public static LocalFolder of(Path modelFile) {
        return new LocalFolder(modelFile.toAbsolutePath().getParent());
    }

    @Override
    public SeekableByteChannel open(String file) throws IOException {
        Path root = folder.toRealPath();
        Path real = root.resolve(file).toRealPath();
        if (!real.startsWith(root)) {
            throw new ModelException(
                    "the weights lie in '%s', a link to a file outside the directory of the model; copy the file into that directory"
                            .formatted(file));
        }
        if (!Files.isRegularFile(real)) {
            throw new NoSuchFileException(file);
        }
        return Files.newByteChannel(real);
    }
}
