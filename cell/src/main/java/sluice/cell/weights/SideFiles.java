package sluice.cell.weights;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import sluice.cell.model.ModelException;

/**
 * The files beside a model file that it may say its weights lie in: those in its own folder and below, and no others,
 * whatever it says.
 */
final class SideFiles {
    private final Path folder; // or null: the model came without one

    private SideFiles(Path folder) {
        this.folder = folder;
    }

    /** Those in the folder of this file. */
    static SideFiles of(Path modelFile) {
        return new SideFiles(modelFile.toAbsolutePath().getParent());
    }

    /** None, for a model that is read from a channel. */
    static SideFiles none() {
        return new SideFiles(null);
    }

    /**
     * Opens a file.
     *
     * @param location where it is, as the model says it: relative to the model's folder
     * @throws ModelException where it is outside of the folder, also by a link, or is not there
     */
    SeekableByteChannel open(String location) throws IOException {
        if (folder == null) {
            throw new ModelException(("the weights lie in another file, '%s', which can't be found from here; "
                            + "save the model as one file, or read it from a local folder")
                    .formatted(location));
        }
        return Files.newByteChannel(inside(location));
    }

    private Path inside(String location) throws IOException {
        Path root = folder.toRealPath();
        Path file;
        try {
            file = root.resolve(location).normalize();
        } catch (InvalidPathException e) {
            throw new ModelException("the weights lie in '%s', which is no name of a file".formatted(location), e);
        }
        if (location.isEmpty() || !file.startsWith(root) || hasStep(location, "..")) {
            throw escape(location);
        }
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && !Files.isSymbolicLink(file)) {
            throw new ModelException("the weights lie in '%s', but the model's folder has no such file; copy it there"
                    .formatted(location));
        }
        Path real = file.toRealPath();
        if (!real.startsWith(root) || !Files.isRegularFile(real)) {
            throw escape(location);
        }
        return real;
    }

    private static boolean hasStep(String location, String step) {
        for (String part : location.split("[/\\\\]", -1)) {
            if (part.equals(step)) {
                return true;
            }
        }
        return false;
    }

    private static ModelException escape(String location) {
        return new ModelException(("the weights lie in '%s', which is not below the model's own folder; "
                        + "expected a relative path without '..' and without links that lead out")
                .formatted(location));
    }
}
