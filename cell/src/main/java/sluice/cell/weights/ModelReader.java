package sluice.cell.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import sluice.cell.model.ModelException;

/** Reads a model file of any format that is known, which its content tells. */
public final class ModelReader {
    private ModelReader() {}

    /** Reads a local file; messages call it by its name without its folder. */
    public static ModelFile read(Path file, TensorNames names) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            return read(String.valueOf(file.getFileName()), channel, SideFiles.of(file), names);
        }
    }

    /**
     * Reads a model.
     *
     * @param name what messages call the file
     * @param channel the file, which stays open; may be larger than 2 GB; weights that an ONNX model has in other files are not
     *     found from here
     * @param names what the user says about names that the file leaves open
     * @throws ModelException where the content is no model that can be used; the message begins with the name
     * @throws IOException where the file can't be read
     */
    public static ModelFile read(String name, SeekableByteChannel channel, TensorNames names) throws IOException {
        return read(name, channel, SideFiles.none(), names);
    }

    private static ModelFile read(String name, SeekableByteChannel channel, SideFiles sideFiles, TensorNames names)
            throws IOException {
        try {
            FileKind kind = FileKind.of(start(channel));
            return switch (kind) {
                case SAFETENSORS -> SafetensorsReader.readModel(channel, names);
                case ONNX -> OnnxReader.readModel(channel, sideFiles, names);
                default ->
                    throw new ModelException(
                            "this looks like %s, expected a safetensors file or an ONNX model; in Python, safetensors.torch.save_file("
                                            .formatted(kind.description())
                                    + "model.state_dict(), \"model.safetensors\") writes one");
            };
        } catch (ModelException e) {
            throw new ModelException(name + ": " + e.getMessage(), e);
        }
    }

    private static byte[] start(SeekableByteChannel channel) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(FileKind.START_BYTES);
        channel.position(0);
        while (start.hasRemaining() && channel.read(start) >= 0) {
            // until it is full or the file ends
        }
        return Arrays.copyOf(start.array(), start.position());
    }
}
