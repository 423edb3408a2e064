package sluice.cell.weights;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.FileKind;
import sluice.cell.weights.file.LocalFolder;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.ModelFolder;
import sluice.cell.weights.file.NamedInput;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.file.ZipArchive;
import sluice.cell.weights.keras.KerasReader;
import sluice.cell.weights.onnx.OnnxReader;
import sluice.cell.weights.torch.CheckpointReader;
import sluice.cell.weights.torch.SafetensorsReader;
import sluice.cell.weights.torch.ShardedReader;

/** Reads a model file of any supported format. The format is detected from the content. */
public final class ModelReader {
    private ModelReader() {}

    /** Reads a local file. Messages contain the file name without its folder. */
    public static ModelFile read(Path file, TensorNames names) throws IOException {
        if (Files.isDirectory(file)) {
            try (Stream<Path> entries = Files.list(file)) {
                List<String> found = entries.map(entry -> String.valueOf(entry.getFileName()))
                        .collect(Collectors.toList());
                throw new ModelException(file.getFileName() + ": "
                        + ModelDirectory.describe(
                                file.toString(), found, "it has no known model file; set model.path to one"));
            }
        }
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
            FilePart.reject(name, kind, folder);
            return switch (kind) {
                case PYTORCH, KERAS, ZIP -> readZip(channel, names, kind, format);
                case SAFETENSORS -> SafetensorsReader.readModel(channel, withoutEntry(names, kind));
                case ONNX -> byColumns(OnnxReader.readModel(channel, folder, withoutEntry(names, kind)), names);
                case JSON -> ShardedReader.readModel(name, channel, folder, withoutEntry(names, kind));
                case HDF5 -> byColumns(KerasReader.readHdf5(name, channel, folder, withoutEntry(names, kind)), names);
                default -> throw unsupported(kind);
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

    /**
     * Reads a zip archive. A repacked archive may begin with any entry, so the names of all entries identify its format, unless
     * the user has named it.
     */
    private static ModelFile readZip(SeekableByteChannel channel, TensorNames names, FileKind start, ModelFormat format)
            throws IOException {
        FileKind kind = format == ModelFormat.AUTO ? zipKind(channel, start) : start;
        return kind == FileKind.KERAS
                ? byColumns(KerasReader.readArchive(channel, withoutEntry(names, kind)), names)
                : CheckpointReader.readModel(channel, names);
    }

    private static FileKind zipKind(SeekableByteChannel channel, FileKind start) throws IOException {
        ZipArchive archive = ZipArchive.open(channel);
        if (KerasReader.isArchive(channel) || archive.has("model.weights.h5")) {
            return FileKind.KERAS;
        }
        if (archive.names().stream().anyMatch(name -> name.equals("data.pkl") || name.endsWith("/data.pkl"))) {
            return FileKind.PYTORCH;
        }
        Optional<String> foreign = ForeignArchive.describe(archive.names());
        if (foreign.isPresent()) {
            throw new ModelException(foreign.get());
        }
        return start;
    }

    /** The model of a file that connects and names its inputs itself, with their columns by {@code model.inputs}. */
    private static ModelFile byColumns(ModelFile file, TensorNames names) {
        return file.with(NamedInput.rename(file.model(), names.inputs()));
    }

    private static TensorNames withoutEntry(TensorNames names, FileKind kind) {
        if (names.entry().isPresent()) {
            throw new ModelException(
                    "model.entry is '%s', but this is %s, and only a PyTorch checkpoint has entries; remove the setting"
                            .formatted(names.entry().get(), kind.description()));
        }
        return names;
    }

    static ModelException unsupported(FileKind kind) {
        return new ModelException(
                "this looks like %s, expected a safetensors file, a PyTorch checkpoint, an ONNX model or a Keras model; %s"
                        .formatted(kind.description(), kind.remedy()));
    }
}
