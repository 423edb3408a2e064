package sluice.cell.weights.torch;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/** Messages on checkpoints in which no state dict was found. */
final class CheckpointRefusal {
    /** Keys of an entry that may be the whole model. */
    private static final List<String> MODULES = List.of("model", "net", "network", "module");

    private CheckpointRefusal() {}

    /** The file holds no dict of tensors but those of an optimizer. */
    static ModelException noTensors(Object pickled, CheckpointEntry top) {
        if (pickled instanceof PickledObject object) {
            return new ModelException(
                    "its pickle is a Python object (%s), expected a dict of tensors; Python code in a checkpoint is never run; %s"
                            .formatted(
                                    object.qualifiedName(),
                                    object.isClass()
                                            ? CheckpointAdvice.saveWeightsOf("")
                                            : CheckpointAdvice.SAVE_WEIGHTS));
        }
        if (!(pickled instanceof Map)) {
            return new ModelException("its pickle holds %s, expected a dict of tensors; %s"
                    .formatted(kind(pickled), CheckpointAdvice.SAVE_WEIGHTS));
        }
        List<String> found = new ArrayList<>();
        top.content().forEach((key, value) -> found.add(CheckpointEntry.described(((PickledKey) key).text(), value)));
        return new ModelException(
                "its pickle holds a dict without tensors of a model, expected a state dict, or one as an entry such as "
                        + "'state_dict', 'model_state_dict' or 'model'; found "
                        + (found.isEmpty() ? "no entries" : NameList.of(found, entry -> entry))
                        + "; "
                        + module(top)
                                .map(key -> moduleIn(top, key))
                                .orElse("name the checkpoint that has the model's weights"));
    }

    /** The entry that is most likely the whole model: an object, at best with a usual name. */
    private static Optional<PickledKey> module(CheckpointEntry top) {
        List<PickledKey> objects = top.content().entrySet().stream()
                .filter(entry -> entry.getValue() instanceof PickledObject object && object.isClass())
                .map(entry -> (PickledKey) entry.getKey())
                .toList();
        return objects.stream()
                .filter(key -> MODULES.contains(key.text()))
                .findFirst()
                .or(() -> objects.stream().findFirst());
    }

    private static String moduleIn(CheckpointEntry top, PickledKey key) {
        return "Python code in a checkpoint is never run; of %s, ".formatted(CheckpointEntry.quoted(key.text()))
                + CheckpointAdvice.saveWeightsOf(CheckpointEntry.subscript(top, key));
    }

    /** The tensors are elements of a list, or have numbers as keys. */
    static ModelException noNames(CheckpointEntry chosen) {
        return new ModelException(
                "the tensors of %s have no names, expected PyTorch's names, such as 'lstm.weight_ih_l0'; %s"
                        .formatted(
                                chosen.isTop() ? "its pickle" : "entry " + chosen.quotedPath(),
                                CheckpointAdvice.SAVE_WEIGHTS));
    }

    /** The tensors are vectors in which FSDP has joined the parameters. */
    static ModelException flatParameters(Collection<String> names) {
        return new ModelException(
                ("its tensors are flat parameters of FSDP: %s, expected one tensor for each parameter; in Python, save "
                                + "torch.distributed.checkpoint.state_dict.get_model_state_dict(model, "
                                + "options=StateDictOptions(full_state_dict=True))")
                        .formatted(NameList.of(names, CheckpointEntry::quoted)));
    }

    private static String kind(Object value) {
        if (value instanceof TensorView) {
            return "one tensor";
        }
        if (value instanceof List) {
            return "a list";
        }
        if (value instanceof Object[]) {
            return "a tuple";
        }
        return value == null ? "None" : "another type of object";
    }
}
