package sluice.job.input;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.cell.InputKind;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;
import sluice.job.message.RefusedException;
import sluice.job.model.Vocabulary;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;

/**
 * How a table's columns become what the model reads: settled once, on the driver, before any task starts.
 *
 * @param column where the sequence stands in a row
 * @param form how that column holds it
 * @param kind what the model reads
 * @param vocabulary words for ids, where there is one
 * @param state the column of the state that a row's sequence starts from ({@code input.state}), if there is one
 */
public record InputPlan(
        int column, SequenceForm form, InputKind kind, Optional<Vocabulary> vocabulary, Optional<InitialState> state) {
    /** @throws RefusedException where the table and the model don't fit; the message lists the choices */
    public static InputPlan settle(
            InputTable table, LstmModel model, Settings settings, Optional<Vocabulary> vocabulary) {
        StructType schema = table.wholeSchema();
        StructField field = sequence(table, settings.input().tokens());
        SequenceForm form = form(field, settings, vocabulary);
        if (form == null) {
            throw new RefusedException("input.tokens: column '%s' has type %s, expected %s"
                    .formatted(field.name(), field.dataType().catalogString(), SequenceForm.EXPECTED));
        }
        InputKind kind = settings.model().input().orElseGet(() -> kind(field, form, model));
        requireFit(field, form, kind, model);
        requireVocabulary(field, form, vocabulary, model);
        Optional<InitialState> state = settings.input().state().map(name -> StateColumn.settle(schema, name, model));
        return new InputPlan(table.sequenceColumn(), form, kind, vocabulary, state);
    }

    private static StructField sequence(InputTable table, String name) {
        if (table.sequenceColumn() < 0) {
            return ColumnPath.field(table.wholeSchema(), name, "input.tokens", "pass --tokens");
        }
        DataType type = table.rows().schema().fields()[table.sequenceColumn()].dataType();
        return DataTypes.createStructField(name, type, true);
    }

    /** Where a column can only hold text, and there are no words, the text is of ids. */
    private static SequenceForm form(StructField field, Settings settings, Optional<Vocabulary> vocabulary) {
        SequenceForm form = SequenceForm.of(field.dataType());
        boolean ids = form == SequenceForm.TEXT
                && vocabulary.isEmpty()
                && settings.input().format().isText();
        return ids ? SequenceForm.ID_TEXT : form;
    }

    /**
     * How the column has to hold the sequence, whatever it looks like.
     *
     * @param looks the form that it seems to have, or null
     */
    public static SequenceForm expected(
            SequenceForm looks, LstmModel model, Settings.Model settings, Optional<Vocabulary> vocabulary) {
        if (vocabulary.isPresent() && looks != null) {
            return looks;
        }
        boolean numbers = looks == SequenceForm.NUMBERS || looks == SequenceForm.FEATURE_ROWS;
        int classes = model.output().map(OutputLayer::classes).orElse(0);
        boolean tokens = settings.input()
                .map(InputKind::takesTokens)
                .orElse(model.embedding().isPresent() || (model.inputWidth() == classes && !numbers));
        if (tokens) {
            return SequenceForm.IDS;
        }
        if (model.inputWidth() > 1 || looks == SequenceForm.FEATURE_ROWS) {
            return SequenceForm.FEATURE_ROWS;
        }
        return looks == SequenceForm.IDS ? SequenceForm.IDS : SequenceForm.NUMBERS;
    }

    /** What {@code model.input = auto} means here. */
    private static InputKind kind(StructField field, SequenceForm form, LstmModel model) {
        if (model.embedding().isPresent()) {
            return InputKind.EMBEDDING;
        }
        boolean tokens = form.holdsTokens();
        int classes = model.output().map(OutputLayer::classes).orElse(0);
        if (tokens && model.inputWidth() == classes) {
            return InputKind.ONE_HOT;
        }
        if (!tokens || model.inputWidth() == 1) {
            return InputKind.FEATURES;
        }
        throw new RefusedException(
                ("model.input: the model has no embedding and reads %d numbers a step; column '%s' (%s) holds %s: set model.input to "
                                + "one-hot (tokens in [0, %d)), or pass a column of type array<array<float|double>> with %d a step")
                        .formatted(
                                model.inputWidth(),
                                field.name(),
                                type(field),
                                form,
                                model.inputWidth(),
                                model.inputWidth()));
    }

    private static void requireFit(StructField field, SequenceForm form, InputKind kind, LstmModel model) {
        try {
            kind.requireFit(model);
        } catch (IllegalArgumentException e) {
            throw new RefusedException("model.input = %s: %s".formatted(SettingValues.name(kind), e.getMessage()), e);
        }
        boolean numbers = form == SequenceForm.NUMBERS || form == SequenceForm.FEATURE_ROWS;
        if (kind.takesTokens() && numbers) {
            throw new RefusedException(
                    "input.tokens: column '%s' (%s) holds %s, but the model reads tokens: expected ids, words or text"
                            .formatted(field.name(), type(field), form));
        }
        if (kind == InputKind.FEATURES && form != SequenceForm.FEATURE_ROWS && model.inputWidth() != 1) {
            throw new RefusedException(
                    "input.tokens: column '%s' (%s) holds %s, but the model reads %d features a step: expected array<array<float|double>>"
                            .formatted(field.name(), type(field), form, model.inputWidth()));
        }
        if (kind == InputKind.FEATURES && form.needsVocabulary()) {
            throw new RefusedException(
                    "input.tokens: column '%s' (%s) holds %s, but the model reads features: expected numbers"
                            .formatted(field.name(), type(field), form));
        }
    }

    private static void requireVocabulary(
            StructField field, SequenceForm form, Optional<Vocabulary> vocabulary, LstmModel model) {
        if (form.needsVocabulary() && vocabulary.isEmpty()) {
            throw new RefusedException(
                    "input.tokens: column '%s' (%s) holds %s, and there is no vocabulary: set input.vocabulary to a file of words, or pass a column of ids"
                            .formatted(field.name(), type(field), form));
        }
        if (form.needsVocabulary() && vocabulary.get().size() > model.tokens()) {
            throw new RefusedException(
                    "input.vocabulary: %d words for a model that knows %d tokens: is it another model's?"
                            .formatted(vocabulary.get().size(), model.tokens()));
        }
    }

    private static String type(StructField field) {
        return field.dataType().catalogString();
    }

    /** The columns that name a row in messages: the chosen ones, or the first few that hold a plain value. */
    static List<String> keyColumns(StructType schema, Settings.Input settings) {
        for (String name : settings.key()) {
            if (!Arrays.asList(schema.fieldNames()).contains(name)) {
                throw new RefusedException("input.key: no column '%s' in the input, which has %s"
                        .formatted(name, ColumnPath.columns(schema)));
            }
        }
        if (!settings.key().isEmpty()) {
            return settings.key();
        }
        return Arrays.stream(schema.fields())
                .filter(field -> !field.name().equals(settings.tokens()) && isPlain(field.dataType()))
                .map(StructField::name)
                .limit(3)
                .toList();
    }

    private static boolean isPlain(DataType type) {
        return List.of("string", "tinyint", "smallint", "int", "bigint", "date", "timestamp")
                .contains(type.catalogString());
    }
}
