package sluice.job.model;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.SeekableByteChannel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.statedict.StateDictWriter;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;
import sluice.job.message.Version;
import sluice.job.settings.OutputMode;
import sluice.job.storage.HadoopChannel;
import sluice.job.storage.StagingDirectory;
import sluice.job.storage.Storage;

/**
 * The target of {@code --save-model}: a safetensors file on any Hadoop file system. The model is written to a staging file, read back
 * and compared, and then renamed to its target, so that readers never see a partial file.
 */
public final class SavedModel {
    private final FileSystem files;
    private final StagingDirectory staging;
    private final OutputMode mode;

    private SavedModel(FileSystem files, Path target, OutputMode mode) {
        this.files = files;
        this.staging = new StagingDirectory(files, target);
        this.mode = mode;
    }

    /** @throws RefusedException if the target exists and may not be replaced, is a directory, or cannot be created */
    public static SavedModel at(String path, OutputMode mode, Configuration hadoop) {
        Storage.requireWritableName(path, "--save-model");
        FileSystem files = Storage.of(path, "--save-model", hadoop);
        if (files instanceof LocalFileSystem local) {
            files = local.getRaw(); // the checksummed file system would write a .crc file beside it
        }
        Path target = files.makeQualified(Storage.path(path, "--save-model"));
        try {
            if (target.getParent() == null
                    || (files.exists(target) && files.getFileStatus(target).isDirectory())) {
                throw new RefusedException(
                        "%s: is a directory, expected the name of a new file; check --save-model".formatted(path));
            }
            if (mode == OutputMode.ERROR && files.exists(target)) {
                throw new RefusedException(
                        "%s: exists already; choose another --save-model, or replace it with --mode overwrite"
                                .formatted(path));
            }
        } catch (IOException e) {
            throw notCreatable(path, e);
        }
        return new SavedModel(files, target, mode);
    }

    private static RefusedException notCreatable(String path, IOException e) {
        return new RefusedException(
                "%s: cannot be created: %s; check --save-model".formatted(path, Failure.firstLine(e.getMessage())), e);
    }

    /**
     * Writes the model and publishes the file.
     *
     * @param from the path that the model was read from
     * @throws RefusedException if the staging file cannot be created
     * @throws IOException if writing failed; the target is then unchanged
     */
    public void write(ModelFile model, String from) throws IOException {
        try {
            try (OutputStream stream = create()) {
                StateDictWriter.write(model.model(), metadata(model, from), stream);
            }
            requireSame(model.model().fingerprint());
            staging.publishFile(mode == OutputMode.OVERWRITE);
        } catch (IOException | RuntimeException | OutOfMemoryError failure) {
            try {
                staging.abandon();
            } catch (IOException e) {
                failure.addSuppressed(e);
            }
            throw failure;
        }
    }

    /**
     * A warning if the file holds more than PyTorch's {@code nn.LSTM} can compute.
     *
     * @param path of the file as the user gave it
     */
    public static Optional<String> limits(ModelFile model, String path) {
        List<String> beyond = TorchLimits.exceededBy(model.model());
        return beyond.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "%s: plain nn.LSTM can't hold this model, because of %s; a PyTorch module has to compute that itself, Sluice reads it from the file"
                                .formatted(path, String.join(", ", beyond)));
    }

    private OutputStream create() {
        try {
            return files.create(staging.staging(), false);
        } catch (IOException e) {
            throw notCreatable(staging.target().toString(), e);
        }
    }

    /** The source file's metadata, such as its vocabulary, and the origin of the new file. */
    private static Map<String, String> metadata(ModelFile model, String from) {
        Map<String, String> metadata = new LinkedHashMap<>(model.metadata());
        metadata.put("format", "pt"); // required by PyTorch libraries that load safetensors
        metadata.put("sluice.version", Version.current());
        metadata.put("sluice.source", Storage.path(from, "--model").getName());
        metadata.put("sluice.source-format", model.format());
        metadata.put("sluice.sha256", model.model().fingerprint());
        return metadata;
    }

    private void requireSame(String fingerprint) throws IOException {
        try (SeekableByteChannel channel = new HadoopChannel(
                files.open(staging.staging()),
                files.getFileStatus(staging.staging()).getLen())) {
            String found = ModelReader.read(staging.staging().toString(), channel, TensorNames.automatic())
                    .model()
                    .fingerprint();
            if (!found.equals(fingerprint)) {
                throw new IOException(
                        "%s: the file read back holds another model, with SHA-256 %s, expected %s; check the disk"
                                .formatted(staging.target(), found, fingerprint));
            }
        }
    }
}
