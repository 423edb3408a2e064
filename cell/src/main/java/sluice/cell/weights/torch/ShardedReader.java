package sluice.cell.weights.torch;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.ElementType;
import sluice.cell.weights.file.FileKind;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.ModelFolder;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.statedict.StateDict;
import sluice.cell.weights.statedict.TensorSource;

/**
 * Reads a model that is split into several safetensors files, using its {@link ShardIndex}.
 *
 * <p>Index and files must agree: each tensor is stored in the file that the index names and in no other, and no file
 * has a tensor missing from the index. Otherwise they come from different models or different saves.
 */
public final class ShardedReader implements TensorSource, Closeable {
    private static final String JOIN =
            "; in Python, in the directory of the index, import json, torch; torch.save({k: v for f in "
                    + "set(json.load(open(\"%s\"))[\"weight_map\"].values()) for k, v in torch.load(f).items()}, \"model.pt\") "
                    + "joins checkpoints";

    private final String name; // of the index
    private final ShardIndex index;
    private final Map<String, SafetensorsReader> shards = new TreeMap<>(); // by file name
    private final Map<String, SafetensorsReader> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final List<SeekableByteChannel> channels = new ArrayList<>();

    private ShardedReader(String name, ShardIndex index) {
        this.name = name.substring(name.lastIndexOf('/') + 1);
        this.index = index;
    }

    /**
     * Reads the model.
     *
     * @param name the file name of the index, for messages
     * @param channel the index; it is not closed
     * @param folder folder of the safetensors files
     */
    public static ModelFile readModel(String name, SeekableByteChannel channel, ModelFolder folder, TensorNames names)
            throws IOException {
        try (ShardedReader reader = new ShardedReader(name, ShardIndex.read(channel))) {
            for (String file : reader.index.files()) {
                reader.open(file, folder);
            }
            reader.resolveTensors();
            StateDict stateDict = new StateDict(reader, SharedNames.in(reader.metadata, reader), names);
            LstmModel model = stateDict.model();
            List<String> notes = new ArrayList<>(stateDict.notes());
            notes.add(String.format(
                    Locale.ROOT,
                    "the tensors are in %d %s: %s",
                    reader.shards.size(),
                    reader.shards.size() == 1 ? "file" : "files",
                    NameList.of(reader.shards.keySet(), file -> file)));
            return new ModelFile(model, reader.metadata, notes, SafetensorsReader.FORMAT, StateDict.GATES);
        }
    }

    private void open(String file, ModelFolder folder) throws IOException {
        SeekableByteChannel channel;
        try {
            channel = folder.open(file);
        } catch (FileNotFoundException | NoSuchFileException e) {
            throw new ModelException(
                    ("there is no file '%s' beside the index, which names it; copy all files of the model into one "
                                    + "directory")
                            .formatted(file),
                    e);
        }
        channels.add(channel);
        try {
            FileKind kind = FileKind.of(channel);
            if (kind != FileKind.SAFETENSORS) {
                throw new ModelException("this looks like %s, expected a safetensors file%s"
                        .formatted(
                                kind.description(),
                                kind == FileKind.PYTORCH ? String.format(Locale.ROOT, JOIN, name) : ""));
            }
            shards.put(file, SafetensorsReader.open(channel));
        } catch (ModelException e) {
            throw new ModelException("file '%s': %s".formatted(file, e.getMessage()), e);
        }
    }

    /** Checks the index against the files and maps tensors to files. */
    private void resolveTensors() {
        index.shards().forEach((tensor, file) -> {
            SafetensorsReader shard = shards.get(file);
            if (!shard.names().contains(tensor)) {
                throw new ModelException(
                        "tensor '%s' is not in file '%s', where the index has it; copy all files of one save"
                                .formatted(tensor, file));
            }
            tensors.put(tensor, shard);
        });
        shards.forEach((file, shard) -> {
            for (String tensor : shard.names()) {
                requireAssigned(tensor, file);
            }
            shard.metadata().forEach(metadata::putIfAbsent);
        });
    }

    private void requireAssigned(String tensor, String file) {
        String assigned = index.shards().get(tensor);
        if (assigned == null) {
            throw new ModelException(
                    "tensor '%s' of file '%s' is not in the index; copy all files of one save".formatted(tensor, file));
        }
        if (!assigned.equals(file)) {
            throw new ModelException(
                    "tensor '%s' is in file '%s' as well as in '%s', where the index has it; copy all files of one save"
                            .formatted(tensor, file, assigned));
        }
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(tensors.keySet());
    }

    @Override
    public Shape shape(String name) {
        return tensors.get(name).shape(name);
    }

    @Override
    public ElementType type(String name) {
        return tensors.get(name).type(name);
    }

    @Override
    public float[] read(String name) throws IOException {
        return tensors.get(name).read(name);
    }

    /** Closes all opened shards. */
    @Override
    public void close() throws IOException {
        for (SeekableByteChannel channel : channels) {
            channel.close();
        }
    }
}
