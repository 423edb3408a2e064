package sluice.cell.weights.torch;

import java.util.Locale;
import sluice.cell.weights.file.FileKind;
import sluice.cell.weights.file.NameList;

/** What to do about a checkpoint that can't be read: commands for Python, with {@code FILE} as the user's file. */
final class CheckpointAdvice {
    static final String SAVE_WEIGHTS =
            "in Python, torch.save(model.state_dict(), \"model.pt\") saves the weights alone";

    private static final String UNTIL_QUANTIZED =
            "save the model before quantization, or the tensor as float32 (.dequantize() or .float())";

    private CheckpointAdvice() {}

    /** How to save the weights of a module that is the whole file or an entry of it. */
    static String saveWeightsOf(String subscript) {
        return ("if it is a torch.nn.Module, then in Python, with the model's code importable, torch.save(torch.load(\"FILE\", "
                        + "map_location=\"cpu\", weights_only=False)%s.state_dict(), \"model.pt\") saves the weights %s")
                .formatted(subscript, FileKind.RUNS_CODE);
    }

    /** How to save a value of a state dict as a tensor. */
    static String saveTensor(PickledObject value, String subscript) {
        if (value.equals(PickledObject.LAZY_TENSOR)) {
            return "it is to be negated or conjugated when it is read: save it after .resolve_neg().resolve_conj()";
        }
        String name = value.qualifiedName().toLowerCase(Locale.ROOT);
        if (name.startsWith("numpy")) {
            return ("in Python, torch.save({k: torch.as_tensor(v) for k, v in torch.load(\"FILE\", weights_only=False)%s.items() "
                            + "if hasattr(v, \"shape\")}, \"model.pt\") saves arrays as tensors %s")
                    .formatted(subscript, FileKind.RUNS_CODE);
        }
        if (name.contains("qtensor") || name.contains("scriptobject") || name.contains("rebuild_tensor_v3")) {
            return UNTIL_QUANTIZED;
        }
        if (name.contains("sparse")) {
            return "save it after .to_dense()";
        }
        return name.contains("dtensor")
                ? "save it after .full_tensor()"
                : "save it as a plain tensor; or, only if the network's answers do not depend on it, name it in model.ignore";
    }

    /** A key as Python writes it. */
    static String literal(PickledKey key) {
        String text = NameList.shortened(key.text());
        return key.isText() ? "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"" : text;
    }
}
