package sluice.cell.weights.file;

import java.io.Serializable;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;

/**
 * An entry of the setting {@code model.inputs}: one of several inputs of a model, by the column that holds it.
 *
 * @param column the name of the column
 * @param source what the column is in the file: the name of an embedding's tensor, the name of a graph's input, or how many numbers a
 *     step has; empty if the entry does not say
 */
public record NamedInput(String column, String source) implements Serializable {
    private static final Pattern WIDTH = Pattern.compile("[1-9][0-9]{0,5}");

    /**
     * Parses {@code COLUMN} or {@code COLUMN=SOURCE}; spaces around the sign do not count.
     *
     * @throws ModelException if a name is missing
     */
    public static NamedInput parse(String entry) {
        int sign = entry.indexOf('=');
        String column = (sign < 0 ? entry : entry.substring(0, sign)).strip();
        String source = sign < 0 ? "" : entry.substring(sign + 1).strip();
        if (column.isEmpty() || (sign >= 0 && source.isEmpty())) {
            throw new ModelException(
                    "model.inputs has '%s', expected COLUMN or COLUMN=TENSOR, such as item=item_embedding.weight"
                            .formatted(entry));
        }
        return new NamedInput(column, source);
    }

    /** How many numbers a step has, if that is what it says. */
    OptionalInt width() {
        return WIDTH.matcher(source).matches() ? OptionalInt.of(Integer.parseInt(source)) : OptionalInt.empty();
    }

    /** Whether the column is one of numbers, for a file that does not tell. */
    public boolean isNumbers() {
        return source.isEmpty() || width().isPresent();
    }

    /**
     * How many numbers a step has.
     *
     * @param otherwise the number if the entry does not say
     */
    public int widthOr(int otherwise) {
        return width().orElse(otherwise);
    }

    /** As in the setting. */
    @Override
    public String toString() {
        return source.isEmpty() ? column : column + "=" + source;
    }

    /**
     * The same model with its parts named by their columns, for a file that names its inputs itself. An input without an entry keeps its
     * name.
     *
     * @throws ModelException if the model has one input, or an entry does not name one of its inputs
     */
    public static LstmModel rename(LstmModel model, List<NamedInput> inputs) {
        if (inputs.isEmpty()) {
            return model;
        }
        if (model.parts().isEmpty()) {
            throw new ModelException(
                    "model.inputs lists %s, but the model has one input: leave model.inputs empty, and set input.tokens to the column"
                            .formatted(inputs));
        }
        List<String> names = model.parts().stream().map(InputPart::name).toList();
        List<String> wanted = inputs.stream()
                .map(input -> input.source().isEmpty() ? input.column() : input.source())
                .toList();
        for (String name : wanted) {
            if (!names.contains(name) || wanted.indexOf(name) != wanted.lastIndexOf(name)) {
                throw new ModelException(
                        "model.inputs %s '%s', expected each of the model's inputs at most once: %s, as COLUMN or COLUMN=INPUT"
                                .formatted(
                                        names.contains(name) ? "lists twice" : "names",
                                        NameList.shortened(name),
                                        NameList.quoted(names)));
            }
        }
        return model.withPartNames(names.stream()
                .map(name ->
                        wanted.contains(name) ? inputs.get(wanted.indexOf(name)).column() : name)
                .toList());
    }
}
