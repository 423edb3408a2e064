package sluice.cell.weights;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import sluice.cell.weights.file.NameList;

/** Zip archives that are neither PyTorch checkpoints nor Keras models, recognised by the names of their entries. */
final class ForeignArchive {
    private static final List<String> MODEL_FILES =
            List.of(".pt", ".pth", ".ckpt", ".onnx", ".safetensors", ".keras", ".h5");

    private ForeignArchive() {}

    /**
     * Says what an archive is and how to get a file that can be read; empty if that is not known.
     *
     * @param names names of the entries
     */
    static Optional<String> describe(Set<String> names) {
        if (anyEndsWith(names, "serialized_exported_program.json")
                || (anyEndsWith(names, "/archive_format")
                        && names.stream().anyMatch(name -> name.contains("/models/")))) {
            return Optional.of("this is a program of torch.export (.pt2), expected weights or ONNX; in Python, "
                    + "torch.onnx.export(torch.export.load(\"FILE\"), f=\"model.onnx\", dynamo=True) keeps what the program "
                    + "computes; its state_dict does not");
        }
        if (!names.isEmpty() && names.stream().allMatch(name -> name.endsWith(".npy"))) {
            return Optional.of(
                    "this is an archive of NumPy arrays (.npz), expected a model; in Python, if they have PyTorch's "
                            + "names and shapes, safetensors.numpy.save_file(dict(numpy.load(\"FILE\")), \"model.safetensors\") "
                            + "writes one");
        }
        if (names.contains("coefficients.bin")) {
            return Optional.of("this is a Deeplearning4j model, which can't be read; save the model as ONNX or Keras");
        }
        return names.stream()
                .filter(name -> MODEL_FILES.stream().anyMatch(name::endsWith))
                .findFirst()
                .map(name -> "this is a zip archive with the file '%s' in it; unzip it and name that file"
                        .formatted(NameList.shortened(name)));
    }

    private static boolean anyEndsWith(Set<String> names, String ending) {
        return names.stream().anyMatch(name -> name.endsWith(ending));
    }
}
