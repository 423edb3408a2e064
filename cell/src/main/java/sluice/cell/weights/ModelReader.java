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

/** Reads a model file of any supported format. The format is detected from the content. */
public final class ModelReader {
    private static final String SAVE_WEIGHTS =
            "in Python, safetensors.torch.save_file(model.state_dict(), \"model.safetensors\") writes one";

    private static final String SAVE_AGAIN =
            "in Python, torch.save(torch.load(\"old.pt\", map_location=\"cpu\"), \"model.pt\") writes one";

    private ModelReader() {}

    /** Reads a local file. Messages contain the file name without its folder. */
    public static ModelFile read(Path file, TensorNames names) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            return read(String.valueOf(file.getFileName()), channel, LocalFolder.of(file), names);
        }
    }

    /**
     * Reads a model and detects its format.
     *
     * @param name the file name in messages
     * @param channel the file; it is not closed and may be larger than 2 GB
     * @param folder opens further files: shards, external tensors, or the configuration of a Keras weights file
     * @param names tensor names from the settings
     * @throws ModelException if the content is not a usable model; the message begins with the name
     * @throws IOException if the file can't be read
     */
    public static ModelFile read(String name, SeekableByteChannel channel, ModelFolder folder, TensorNames names)
            throws IOException {
        return read(name, channel, folder, names, ModelFormat.AUTO);
    }

    /**
     * Reads a model.
     *
     * @param format selects the reader, regardless of the first bytes unless it is {@link ModelFormat#AUTO}
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
                // A repacked archive may begin with any entry, so the first bytes do not identify the format.
                case ZIP ->
                    KerasReader.isArchive(channel)
                            ? KerasReader.readArchive(channel, names)
                            : CheckpointReader.readModel(channel, names);
                case PICKLE -> throw unsupported(kind, SAVE_AGAIN);
                default -> throw unsupported(kind, SAVE_WEIGHTS);
            };
        } catch (ModelException e) {
            throw new ModelException(name + ": " + e.getMessage(), e);
        }
    }

    /** Reads a model that consists of one file. */
    public static ModelFile read(String name, SeekableByteChannel channel, TensorNames names) throws IOException {
        return read(
                name,
                channel,
                file -> {
                    throw new NoSuchFileException(file);
                },
                names);
    }

    private static ModelException unsupported(FileKind kind, String remedy) {
        return new ModelException(
                "this looks like %s, expected a safetensors file, a PyTorch checkpoint, an ONNX model or a Keras model; %s"
                        .formatted(kind.description(), remedy));
    }
}
