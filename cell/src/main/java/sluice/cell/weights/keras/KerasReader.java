package sluice.cell.weights.keras;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.Allocation;
import sluice.cell.weights.file.ChannelBytes;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.ModelFolder;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.StrictJson;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.file.ZipArchive;

/**
 * Reads Keras models: archives ({@code .keras}), complete models in one HDF5 file ({@code model.save("model.h5")}), and
 * weights-only files ({@code .weights.h5} and older ones) with the model's config in a separate file.
 *
 * <p>Formats: {@code keras/src/saving/saving_lib.py} and {@code keras/src/legacy/saving/legacy_h5_format.py} of
 * keras-team/keras.
 */
public final class KerasReader {
    private static final String FORMAT = "Keras";

    private static final String CONFIG = "config.json";
    private static final String METADATA = "metadata.json";
    private static final String WEIGHTS = "model.weights.h5";
    private static final String VERSION = "keras_version";
    private static final int MAX_METADATA_BYTES = 1 << 20;

    private final TensorNames names;

    private KerasReader(TensorNames names) {
        this.names = names;
    }

    /** Whether a zip archive is a Keras model. The order of its entries does not matter. */
    public static boolean isArchive(SeekableByteChannel channel) throws IOException {
        ZipArchive archive = ZipArchive.open(channel);
        return archive.has(CONFIG) && archive.names().stream().anyMatch(name -> name.startsWith("model.weights."));
    }

    /**
     * Reads an archive.
     *
     * @throws ModelException if it is damaged or not a supported model
     */
    public static ModelFile readArchive(SeekableByteChannel channel, TensorNames names) throws IOException {
        ZipArchive archive = ZipArchive.open(channel);
        if (!archive.has(WEIGHTS)) {
            throw new ModelException(
                    "the archive has no '%s', expected the weights there, in HDF5; save it again with model.save(\"model.keras\")"
                            .formatted(WEIGHTS));
        }
        KerasVersion version = archive.has(METADATA)
                ? version(read(archive, METADATA, MAX_METADATA_BYTES), METADATA)
                : KerasVersion.UNKNOWN;
        KerasConfig config = KerasConfig.parse(read(archive, CONFIG, KerasConfig.MAX_BYTES), CONFIG);
        Hdf5Group root = Hdf5File.open(archive.read(WEIGHTS));
        return new KerasReader(names).described(root, config, version);
    }

    private static byte[] read(ZipArchive archive, String name, int maxBytes) throws IOException {
        if (!archive.has(name)) {
            throw new ModelException("the archive has no '%s', expected a Keras model".formatted(name));
        }
        if (archive.bytes(name) > maxBytes) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "the archive's '%s' has %d bytes, expected at most %d",
                    name,
                    archive.bytes(name),
                    maxBytes));
        }
        return archive.read(name);
    }

    /**
     * Reads an HDF5 file.
     *
     * @param name the file's name in messages. The config may be in a file of this name with the ending {@code .json}
     * @param folder the file's folder, searched for the config if the file has none
     * @throws ModelException if it is damaged or not a supported model
     */
    public static ModelFile readHdf5(String name, SeekableByteChannel channel, ModelFolder folder, TensorNames names)
            throws IOException {
        Hdf5Group root = Hdf5File.open(channel);
        KerasReader reader = new KerasReader(names);
        Optional<String> whole = root.attributes().text("model_config");
        KerasVersion version = new KerasVersion(root.attributes().text(VERSION).orElse(""));
        if (whole.isPresent()) {
            KerasConfig config =
                    KerasConfig.parse(whole.get().getBytes(StandardCharsets.UTF_8), "the attribute 'model_config'");
            return reader.described(root, config, version);
        }
        if (!isNumbered(root) && !NamedWeights.isIn(weightsOf(root))) {
            requireLayers(root);
            throw new ModelException("this HDF5 file is not a Keras model: expected an attribute 'model_config' or "
                    + "'layer_names', or a group 'layers', found %s"
                            .formatted(root.names().isEmpty() ? "nothing" : NameList.quoted(root.names())));
        }
        Optional<KerasConfig> config = configBeside(name, folder);
        if (config.isPresent()) {
            Optional<byte[]> metadata = beside(METADATA, MAX_METADATA_BYTES, folder);
            KerasVersion declared = metadata.isPresent() ? version(metadata.get(), METADATA) : KerasVersion.UNKNOWN;
            return reader.described(root, config.get(), version.or(declared));
        }
        if (isNumbered(root)) {
            requireLayers(root);
            throw new ModelException(
                    "the file holds weights without the model's config; " + UndescribedLayers.GIVE_CONFIG);
        }
        return reader.undescribed(NamedWeights.of(weightsOf(root)), version);
    }

    /** Refuses the weights of a subclassed model. */
    private static void requireLayers(Hdf5Group root) {
        List<String> attributes = NumberedWeights.attributes(root);
        if (!attributes.isEmpty()) {
            throw new ModelException(
                    "these are the weights of a subclassed Keras model, whose layers are attributes of a class in Python (found %s), expected those of a Sequential or functional model; in Python, build the same layers as a keras.Sequential, and sequential.set_weights(model.get_weights()); sequential.save(\"model.keras\")"
                            .formatted(NameList.quoted(attributes)));
        }
    }

    /** Whether the weights are in the newer format. In the older format a layer may be named {@code layers} too. */
    private static boolean isNumbered(Hdf5Group root) {
        return !NamedWeights.isIn(weightsOf(root)) && NumberedWeights.isIn(root);
    }

    private static Hdf5Group weightsOf(Hdf5Group root) {
        return root.group("model_weights").orElse(root);
    }

    /**
     * Reads {@code config.json}, or the file's own name with the ending {@code .json}: {@code model.json} for {@code
     * model.weights.h5}.
     */
    private static Optional<KerasConfig> configBeside(String name, ModelFolder folder) throws IOException {
        String file = name.substring(name.lastIndexOf('/') + 1);
        String own = file.replaceFirst("(\\.weights)?\\.[^.]*$", "") + ".json";
        for (String candidate : List.of(CONFIG, own)) {
            Optional<byte[]> json = beside(candidate, KerasConfig.MAX_BYTES, folder);
            if (json.isPresent()) {
                return Optional.of(KerasConfig.parse(json.get(), "'" + candidate + "' beside it"));
            }
        }
        return Optional.empty();
    }

    private static Optional<byte[]> beside(String file, int maxBytes, ModelFolder folder) throws IOException {
        try (SeekableByteChannel channel = folder.open(file)) {
            if (channel.size() > maxBytes) {
                throw new ModelException(String.format(
                        Locale.ROOT,
                        "'%s' beside it has %d bytes, expected at most %d",
                        file,
                        channel.size(),
                        maxBytes));
            }
            byte[] bytes = Allocation.bytes(file, channel.size());
            ChannelBytes.read(channel, 0, ByteBuffer.wrap(bytes));
            return Optional.of(bytes);
        } catch (NoSuchFileException | FileNotFoundException e) {
            return Optional.empty();
        }
    }

    private static KerasVersion version(byte[] metadata, String what) {
        JsonNode version = StrictJson.tree(metadata, what, "a Keras model").path(VERSION);
        return new KerasVersion(version.asText(""));
    }

    private ModelFile described(Hdf5Group root, KerasConfig config, KerasVersion declared) {
        KerasWeights weights = isNumbered(root) ? new NumberedWeights(root, config) : NamedWeights.of(weightsOf(root));
        KerasVersion written =
                declared.or(new KerasVersion(weights.version().orElse(""))).or(config.version());
        KerasVersion version = weights.major().map(written::withForm).orElse(written);
        KerasPath found = new KerasPath(config, names);
        List<KerasLayer> path = found.layers();
        KerasStack stack = new KerasStack(weights, version, true);
        if (!found.branches().isEmpty()) {
            stack.addParts(found.branches(), KerasMasks.of(config, path, version));
        }
        return file(stack, path, version);
    }

    private ModelFile undescribed(NamedWeights weights, KerasVersion declared) {
        KerasVersion version = declared.or(new KerasVersion(weights.version().orElse("")));
        List<KerasLayer> path = new UndescribedLayers(weights, names).layers();
        return file(new KerasStack(weights, version, false), path, version);
    }

    private ModelFile file(KerasStack stack, List<KerasLayer> path, KerasVersion version) {
        LstmModel model = stack.model(path);
        requireUserNamesMatch(stack, path);
        Map<String, String> metadata = new LinkedHashMap<>();
        if (!version.text().isEmpty()) {
            metadata.put(VERSION, version.text());
        }
        return new ModelFile(model, metadata, stack.notes(), FORMAT, stack.gates());
    }

    /**
     * Checks the user's tensor names. The config determines the layers, so the names can only agree with it or be
     * wrong.
     */
    private void requireUserNamesMatch(KerasStack stack, List<KerasLayer> path) {
        String found = stack.embeddingName().orElse(TensorNames.NONE);
        if (!names.embedding().orElse(found).equals(found)) {
            throw new ModelException(
                    "the model's embedding is '%s', not '%s', as set in model.embedding; remove that setting"
                            .formatted(found, names.embedding().orElseThrow()));
        }
        String prefix = names.lstm().orElse("");
        for (KerasLayer layer : path) {
            if (KerasLstm.isLstm(layer) && !layer.name().startsWith(prefix)) {
                throw new ModelException("%s is between input and output, but model.lstm is '%s'; remove that setting"
                        .formatted(layer.describe(), prefix));
            }
        }
    }
}
