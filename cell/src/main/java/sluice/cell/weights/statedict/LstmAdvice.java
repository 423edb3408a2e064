package sluice.cell.weights.statedict;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/** Messages on several LSTM modules: which they are, and each connection that the widths allow if the file does not tell it. */
final class LstmAdvice {
    private static final int MOST_SHOWN = 24;
    private static final int TWO_PAIRS = 4;

    private LstmAdvice() {}

    static ModelException ambiguous(List<LstmModule> modules) {
        List<String> advice = new ArrayList<>();
        stack(modules)
                .ifPresent(setting -> advice.add(
                        "; if each reads what the one before returns, set model.lstm to all of them, the lowest first: "
                                + setting));
        pairs(modules).ifPresent(advice::add);
        return new ModelException(String.format(
                Locale.ROOT,
                "%d recurrent modules in the file, and a state dict does not tell how they are connected: %s; export the model to ONNX, "
                        + "which has the connections%s; if the scores depend on one of them only, name the others in model.ignore",
                modules.size(),
                NameList.of(modules, module -> describe(module, modules)),
                String.join("", advice)));
    }

    /** A module with its widths, and the earlier one of all whose weights it shares. */
    static String describe(LstmModule module, List<LstmModule> all) {
        return module.describe()
                + all.stream()
                        .takeWhile(other -> other != module)
                        .filter(other -> other.storedTensors().equals(module.storedTensors()))
                        .findFirst()
                        .map(other -> " with the weights of '%s'".formatted(NameList.shortened(other.prefix())))
                        .orElse("");
    }

    /** The order in which they can be a stack; words in capitals if names and widths do not tell it. */
    private static Optional<String> stack(List<LstmModule> modules) {
        Optional<List<LstmModule>> numbered = LstmOrder.numbered(modules);
        if (numbered.isPresent()) {
            return numbered.filter(LstmOrder::isStack).map(LstmAdvice::setting);
        }
        if (modules.size() > 2) {
            return Optional.of("[LOWEST, NEXT, ...]");
        }
        List<LstmModule> reversed = List.of(modules.get(1), modules.get(0));
        if (LstmOrder.isStack(modules)) {
            return Optional.of(LstmOrder.isStack(reversed) ? "[LOWER, UPPER]" : setting(modules));
        }
        return LstmOrder.isStack(reversed) ? Optional.of(setting(reversed)) : Optional.empty();
    }

    private static String setting(List<LstmModule> modules) {
        return modules.stream()
                .limit(MOST_SHOWN)
                .map(module -> NameList.shortened(module.prefix()))
                .collect(Collectors.joining(", ", "[", modules.size() > MOST_SHOWN ? ", ...]" : "]"));
    }

    private static Optional<String> pairs(List<LstmModule> modules) {
        if (modules.size() == 2
                && modules.get(0).inputWidth().equals(modules.get(1).inputWidth())) {
            return Optional.of("; if they read the same input, one forward and one backward, set model.lstm to "
                    + LstmOrder.directions(modules.get(0), modules.get(1))
                            .map(pair -> pair.stream()
                                    .map(module -> NameList.shortened(module.prefix()))
                                    .collect(Collectors.joining(" | ", "[", "]")))
                            .orElse("[FORWARD | BACKWARD]"));
        }
        boolean arePairs = modules.size() >= TWO_PAIRS
                && modules.size() % 2 == 0
                && modules.stream().noneMatch(LstmModule::isBidirectional);
        return arePairs
                ? Optional.of(
                        "; if each layer is a forward and a backward one, set model.lstm to the pairs, the lowest first: "
                                + "[FORWARD | BACKWARD, FORWARD | BACKWARD"
                                + (modules.size() > TWO_PAIRS ? ", ...]" : "]"))
                : Optional.empty();
    }
}
