package sluice.cell.weights;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.FileKind;
import sluice.cell.weights.file.LocalFolder;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.ModelFolder;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.keras.KerasReader;
import sluice.cell.weights.onnx.OnnxReader;
import sluice.cell.weights.torch.CheckpointReader;
import sluice.cell.weights.torch.SafetensorsReader;
import sluice.cell.weights.torch.ShardedReader;

/** Reads a model file of any format that is known, which its content tells. */
public final class ModelReader {
    private static final String SAVE_WEIGHTS =
            "in Python, safetensors.torch.save_file(model.state_dict(), \"model.safetensors\") writes one";

    private static final String SAVE_AGAIN =
            "in Python, torch.save(torch.load(\"old.pt\", map_location=\"cpu\"), \"model.pt\") writes one";

    private ModelReader() {}

    /** Reads a local file; messages call it by its name without its folder. */
    public static ModelFile read(Path file, TensorNames names) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            return read(String.valueOf(file.getFileName()), channel, LocalFolder.of(file), names);
        }
    }

    /**
     * Reads a model.
     *
     * @param name what messages call the file
     * @param channel the file, which stays open; may be larger than 2 GB
     * @param folder where the file lies; asked only where a model is in several files, or a Keras file has weights alone
     * @param names what the user says about names that the file leaves open
     * @throws ModelException where the content is no model that can be used; the message begins with the name
     * @throws IOException where the file can't be read
     */
    public static ModelFile read(String name, SeekableByteChannel channel, ModelFolder folder, TensorNames names)
            throws IOException {
        return read(name, channel, folder, names, ModelFormat.AUTO);
    }

    /**
     * Reads a model of a format that the user names, or any.
     *
     * @param format whose reader takes the file, whatever its first bytes look like
     */
    public static ModelFile read(
            String name, SeekableByteChannel channel, ModelFolder folder, TensorNames names, ModelFormat format)
            throws IOException {
        try {
            FileKind kind = format.kind(FileKind.of(channel));
            return switch (kind) {
                case SAFETENSORS -> SafetensorsReader.readModel(channel, names);
                case ONNX -> OnnxReader.readModel(channel, folder, names);
                case JSON -> ShardedReader.readModel(channel, folder, names);
                case PYTORCH -> CheckpointReader.readModel(channel, names);
                case KERAS -> KerasReader.readArchive(channel, names);
                case HDF5 -> KerasReader.readHdf5(name, channel, folder, names);
                // Each puts what tells it first, but an archive that was packed again may begin with anything.
                case ZIP ->
                    KerasReader.isArchive(channel)
                            ? KerasReader.readArchive(channel, names)
                            : CheckpointReader.readModel(channel, names);
                case PICKLE -> throw refused(kind, SAVE_AGAIN);
                default -> throw refused(kind, SAVE_WEIGHTS);
            };
        } catch (ModelException e) {
            throw new ModelException(name + ": " + e.getMessage(), e);
        }
    }

    /** Reads a model that is one file, of which nothing else is known. */
    public static ModelFile read(String name, SeekableByteChannel channel, TensorNames names) throws IOException {
        return read(
                name,
                channel,
                file -> {
                    throw new NoSuchFileException(file);
                },
                names);
    }

    private static ModelException refused(FileKind kind, String remedy) {
        return new ModelException(
                "this looks like %s, expected a safetensors file, a PyTorch checkpoint, an ONNX model or a Keras model; %s"
                        .formatted(kind.description(), remedy));
    }
}
