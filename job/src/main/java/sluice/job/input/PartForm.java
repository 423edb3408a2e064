package sluice.job.input;

import java.util.Locale;
import org.apache.spark.sql.types.StructField;
import sluice.cell.model.InputPart;
import sluice.job.message.RefusedException;
import sluice.job.settings.Settings;

/** How a column holds the values of one of several inputs. */
final class PartForm {
    private PartForm() {}

    /**
     * The form of the column's sequences.
     *
     * @param column of one value for each step; in a table of events, as {@code input.group-by} collects it
     * @param hasWords whether a vocabulary belongs to this input
     * @throws RefusedException if the input can't be read from a column of this type
     */
    static SequenceForm of(StructField column, InputPart part, boolean hasWords, Settings.Input settings) {
        SequenceForm looks = SequenceForm.of(column.dataType());
        SequenceForm form = looks == null
                ? null
                : part.embedding().isPresent() ? ofTokens(looks, hasWords, settings) : ofNumbers(looks, part, settings);
        if (form == null) {
            throw new RefusedException("model.inputs: column '%s' has type %s%s, but the model's input %s: expected %s"
                    .formatted(
                            part.name(),
                            column.dataType().catalogString(),
                            settings.events().areRows() ? " as input.group-by collects it" : "",
                            part,
                            expected(part)));
        }
        if (form.needsVocabulary() && !hasWords) {
            throw new RefusedException(
                    "model.inputs: column '%s' (%s) holds %s, expected array<int|bigint> of ids: input.vocabulary has the words of one column, which input.tokens names"
                            .formatted(part.name(), column.dataType().catalogString(), form));
        }
        return form;
    }

    private static SequenceForm ofTokens(SequenceForm looks, boolean hasWords, Settings.Input settings) {
        boolean isText = settings.format().isText();
        return switch (looks) {
            case IDS, REAL_IDS -> looks;
            case NUMBERS -> SequenceForm.REAL_IDS;
            case WORDS -> isText && !hasWords ? SequenceForm.ID_WORDS : looks;
            case TEXT -> (isText || settings.splitter().isList()) && !hasWords ? SequenceForm.ID_TEXT : looks;
            default -> null;
        };
    }

    private static SequenceForm ofNumbers(SequenceForm looks, InputPart part, Settings.Input settings) {
        boolean isText = settings.format().isText();
        boolean isList = settings.splitter().isList();
        boolean isOne = part.width() == 1;
        return switch (looks) {
            case FEATURE_ROWS, FEATURE_STRUCTS, FEATURE_VECTORS -> looks;
            case IDS, NUMBERS -> isOne ? looks : null;
            case WORDS -> isText && (isOne || isList) ? SequenceForm.ID_WORDS : null;
            case TEXT -> isList || (isText && isOne) ? SequenceForm.FEATURE_TEXT : null;
            default -> null;
        };
    }

    /** The column types of an input, for messages. */
    static String expected(InputPart part) {
        if (part.embedding().isPresent()) {
            return "array<int|bigint> of ids";
        }
        return part.width() == 1
                ? "array<float|double>, or array<array<float|double>> with one number a step"
                : String.format(Locale.ROOT, "array<array<float|double>> with %d numbers a step", part.width());
    }
}
