package sluice.cell.weights;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import sluice.cell.weights.file.FileKind;
import sluice.cell.weights.file.NameList;

/** Directories in place of a model file, recognised by the names of the files in them. */
public final class ModelDirectory {
    private static final List<String> MODEL_FILES =
            List.of(".safetensors", ".onnx", ".keras", ".h5", ".hdf5", ".pt", ".pth", ".ckpt", ".bin");

    /** Files that training frameworks write beside a model. */
    private static final Pattern TRAINING_FILE =
            Pattern.compile("(?:optimizer|scheduler|scaler|rng_state|random_states|training_args).*");

    private final Set<String> names;

    private ModelDirectory(Collection<String> names) {
        this.names = new TreeSet<>(names);
    }

    /**
     * Says what a directory is and which file to name or how to get one: {@code is a directory, expected a model file: ...}.
     *
     * @param path the directory as the user names it
     * @param names names of the files and directories in it
     * @param otherwise what to do about a directory that is not known
     */
    public static String describe(String path, Collection<String> names, String otherwise) {
        return "is a directory, expected a model file; " + new ModelDirectory(names).remedy(path, otherwise);
    }

    private String remedy(String path, String otherwise) {
        if (has("saved_model.pb") || has("saved_model.pbtxt")) {
            return "it is a TensorFlow SavedModel: python -m tf2onnx.convert --saved-model %s --output model.onnx converts it"
                    .formatted(path);
        }
        if (any(name -> name.endsWith(".distcp"))) {
            return ("it is a checkpoint of torch.distributed.checkpoint: python -m torch.distributed.checkpoint.format_utils "
                            + "dcp_to_torch %s model.pt makes one file of it")
                    .formatted(path);
        }
        if (has("zero_to_fp32.py") || any(name -> name.endsWith("_model_states.pt"))) {
            return "it is a checkpoint of DeepSpeed: in it, python zero_to_fp32.py . OUTPUT writes the weights to OUTPUT; then name that "
                    + "file, or the file in that directory";
        }
        if (has("MLmodel")) {
            return "it is an MLflow model: name the file in its directory 'data', of PyTorch as a rule 'data/model.pth'";
        }
        if (has("model.weights.h5") && has("config.json")) {
            return "it is an unpacked Keras model: name its file 'model.weights.h5', beside which the config is read";
        }
        if (has("data.pkl") && has("data")) {
            return ("it is an unpacked PyTorch checkpoint: (cd \"%s/..\" && zip -0 -r packed.pt \"$(basename \"%s\")\") packs it "
                            + "again; then name 'packed.pt', which is beside it")
                    .formatted(path, path);
        }
        if (has("checkpoint") && any(name -> name.endsWith(".index"))) {
            return "it has a TensorFlow checkpoint; " + FileKind.TF_CHECKPOINT_INDEX.remedy();
        }
        if (has("_CHECKPOINT_METADATA") || has("manifest.ocdbt") || has("flax_model.msgpack")) {
            return "it has Flax weights, which can't be read: export the model to ONNX";
        }
        List<String> files = modelFiles();
        if (!files.isEmpty()) {
            String what = has("config.json") ? "it is a directory of a Hugging Face model: " : "";
            return what
                    + (files.size() == 1 ? "name its file " : "name one of its files ")
                    + NameList.of(files, name -> "'" + NameList.shortened(name) + "'");
        }
        return otherwise;
    }

    /** The files that may be a model; of shards their index. */
    private List<String> modelFiles() {
        List<String> indexes = select(name -> name.endsWith(".safetensors.index.json"));
        return indexes.isEmpty()
                ? select(name -> MODEL_FILES.stream().anyMatch(name::endsWith)
                        && !TRAINING_FILE.matcher(name).matches())
                : indexes;
    }

    private List<String> select(Predicate<String> wanted) {
        return names.stream().filter(wanted).collect(Collectors.toList());
    }

    private boolean has(String name) {
        return names.contains(name);
    }

    private boolean any(Predicate<String> wanted) {
        return names.stream().anyMatch(wanted);
    }
}
