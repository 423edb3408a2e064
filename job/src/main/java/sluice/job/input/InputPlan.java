package sluice.job.input;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.cell.InputKind;
import sluice.cell.model.LstmModel;
import sluice.job.message.RefusedException;
import sluice.job.model.Vocabularies;
import sluice.job.model.Vocabulary;
import sluice.job.row.SequenceForm;
import sluice.job.settings.SettingValues;
import sluice.job.settings.Settings;
import sluice.job.source.ColumnPath;

/**
 * How a table's columns become what the model reads. Resolved once, on the driver, before any task starts.
 *
 * @param column index of the sequence's column
 * @param length index of the column of {@code input.length}; -1 if there is none
 * @param form how that column holds the sequence
 * @param kind what the model reads
 * @param vocabulary maps words to token ids; of several inputs, that of the one with the targets
 * @param parts how the columns of several inputs are read, if the model has several; {@code column} is then the struct of them
 * @param state reads the state that a row's sequence continues from ({@code input.state}), if there is one
 */
public record InputPlan(
        int column,
        int length,
        SequenceForm form,
        InputKind kind,
        Optional<Vocabulary> vocabulary,
        Optional<PartsPlan> parts,
        Optional<InitialState> state) {
    static final int NO_LENGTH = -1;

    /** @throws RefusedException if the table and the model do not fit together; the message lists the choices */
    public static InputPlan resolve(InputTable table, LstmModel model, Settings settings, Vocabularies vocabularies) {
        if (!model.parts().isEmpty()) {
            return ofParts(table, model, settings, vocabularies);
        }
        if (!settings.model().names().inputs().isEmpty()) {
            throw new RefusedException("model.inputs is set, but the model has one input: leave it empty");
        }
        Optional<Vocabulary> vocabulary = vocabularies.common();
        StructField field = sequence(table, settings.input().tokens());
        SequenceForm looks = form(field, settings, vocabulary, model);
        if (looks == null) {
            throw new RefusedException("input.tokens: column '%s' has type %s, expected %s"
                    .formatted(field.name(), field.dataType().catalogString(), SequenceForm.EXPECTED));
        }
        InputKind kind = settings.model().input().orElseGet(() -> kind(field, looks, model));
        SequenceForm form = looks == SequenceForm.NUMBERS && kind.takesTokens() ? SequenceForm.REAL_IDS : looks;
        requireFit(field, form, kind, model);
        requireVocabulary(field, form, vocabulary, model);
        requireFindable(field, form, vocabulary, settings.input());
        return new InputPlan(
                table.sequenceColumn(),
                length(table, settings),
                form,
                kind,
                vocabulary,
                Optional.empty(),
                state(table, settings, model));
    }

    private static InputPlan ofParts(InputTable table, LstmModel model, Settings settings, Vocabularies vocabularies) {
        InputKind kind = settings.model().input().orElse(InputKind.PARTS);
        requireKind(kind, model);
        DataType type = table.rows().schema().fields()[table.sequenceColumn()].dataType();
        if (!(type instanceof StructType struct)) {
            throw new RefusedException("the sequences have type %s, but the model has several inputs: expected %s"
                    .formatted(type.catalogString(), PartsPlan.expected(model)));
        }
        PartsPlan parts = PartsPlan.resolve(struct, model, settings, vocabularies);
        return new InputPlan(
                table.sequenceColumn(),
                length(table, settings),
                SequenceForm.PARTS,
                kind,
                parts.target().isPresent()
                        ? parts.columns().get(parts.target().getAsInt()).vocabulary()
                        : Optional.empty(),
                Optional.of(parts),
                state(table, settings, model));
    }

    private static Optional<InitialState> state(InputTable table, Settings settings, LstmModel model) {
        return settings.input()
                .state()
                .map(name -> StateColumn.resolve(table.wholeSchema(), name, table.names(), model));
    }

    private static int length(InputTable table, Settings settings) {
        if (settings.input().length().isEmpty()) {
            return NO_LENGTH;
        }
        String name = settings.input().length().get();
        StructField field = ColumnPath.field(
                table.wholeSchema(), name, table.names(), "input.length", "set it to a column of lengths, in steps");
        boolean isNumber = field.dataType() instanceof NumericType;
        boolean isText = field.dataType().equals(DataTypes.StringType)
                && settings.input().format().isText();
        if (!isNumber && !isText) {
            throw new RefusedException("input.length: column '%s' has type %s, expected int or bigint"
                    .formatted(name, field.dataType().catalogString()));
        }
        return table.wholeSchema().fieldIndex(field.name());
    }

    private static StructField sequence(InputTable table, String name) {
        if (table.sequenceColumn() < 0) {
            return ColumnPath.field(table.wholeSchema(), name, table.names(), "input.tokens", "pass --tokens");
        }
        return DataTypes.createStructField(name, table.sequenceType(), true);
    }

    /** In text formats without a vocabulary, and in lists, the string is parsed as token ids; or as features, if the model reads them. */
    private static SequenceForm form(
            StructField field, Settings settings, Optional<Vocabulary> vocabulary, LstmModel model) {
        SequenceForm form = SequenceForm.of(field.dataType());
        boolean isList = settings.input().splitter().isList();
        if (form == SequenceForm.TEXT && isList && readsFeatures(model, settings.model())) {
            return SequenceForm.FEATURE_TEXT;
        }
        if (vocabulary.isPresent()) {
            return form;
        }
        boolean isText = settings.input().format().isText();
        if (form == SequenceForm.TEXT && (isList || isText)) {
            return SequenceForm.ID_TEXT;
        }
        return form == SequenceForm.WORDS && isText ? SequenceForm.ID_WORDS : form;
    }

    private static boolean readsFeatures(LstmModel model, Settings.Model settings) {
        return settings.input()
                .map(kind -> !kind.takesTokens())
                .orElse(model.embedding().isEmpty() && !InputKind.mayReadOneHot(model));
    }

    /**
     * The form that the model needs the sequence in, which may differ from the one that Spark inferred.
     *
     * @param looks the inferred form; null if the column's type holds no sequence
     */
    public static SequenceForm expected(
            SequenceForm looks, LstmModel model, Settings.Model settings, Optional<Vocabulary> vocabulary) {
        if (vocabulary.isPresent() && looks != null) {
            return looks;
        }
        if (looks == SequenceForm.FEATURE_STRUCTS
                || looks == SequenceForm.FEATURE_VECTORS
                || looks == SequenceForm.VECTOR) {
            return looks;
        }
        boolean numbers = looks == SequenceForm.NUMBERS || looks == SequenceForm.FEATURE_ROWS;
        boolean tokens = settings.input()
                .map(InputKind::takesTokens)
                .orElse(model.embedding().isPresent() || (InputKind.mayReadOneHot(model) && !numbers));
        if (tokens) {
            return numbers ? looks : SequenceForm.IDS; // numbers may be whole
        }
        if (model.inputWidth() > 1 || looks == SequenceForm.FEATURE_ROWS) {
            return SequenceForm.FEATURE_ROWS;
        }
        return looks == SequenceForm.IDS ? SequenceForm.IDS : SequenceForm.NUMBERS;
    }

    /** Resolves {@code model.input = auto}. */
    private static InputKind kind(StructField field, SequenceForm form, LstmModel model) {
        if (model.embedding().isPresent()) {
            return InputKind.EMBEDDING;
        }
        boolean tokens = form.holdsTokens();
        if ((tokens || form == SequenceForm.NUMBERS) && InputKind.mayReadOneHot(model)) {
            return InputKind.ONE_HOT;
        }
        if (!tokens || model.inputWidth() == 1) {
            return InputKind.FEATURES;
        }
        throw new RefusedException(String.format(
                Locale.ROOT,
                "model.input: the model has no embedding and reads %d numbers a step; column '%s' (%s) holds %s: set model.input to "
                        + "one-hot (tokens in [0, %d)), or pass a column of type array<array<float|double>> with %d a step",
                model.inputWidth(),
                field.name(),
                type(field),
                form,
                model.inputWidth(),
                model.inputWidth()));
    }

    private static void requireKind(InputKind kind, LstmModel model) {
        try {
            kind.requireFit(model);
        } catch (IllegalArgumentException e) {
            throw new RefusedException("model.input = %s: %s".formatted(SettingValues.name(kind), e.getMessage()), e);
        }
    }

    private static void requireFit(StructField field, SequenceForm form, InputKind kind, LstmModel model) {
        requireKind(kind, model);
        if (kind.takesTokens() && form.holdsFeatures()) {
            throw new RefusedException(
                    "input.tokens: column '%s' (%s) holds %s, but the model reads tokens: expected ids, words or text"
                            .formatted(field.name(), type(field), form));
        }
        if (kind == InputKind.FEATURES && !form.holdsWideSteps() && model.inputWidth() != 1) {
            throw new RefusedException(String.format(
                    Locale.ROOT,
                    "input.tokens: column '%s' (%s) holds %s, but the model reads %d features a step: expected array<array<float|double>>",
                    field.name(),
                    type(field),
                    form,
                    model.inputWidth()));
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
            throw new RefusedException(String.format(
                    Locale.ROOT,
                    "input.vocabulary: %d words, but the model has %d tokens: this may be the vocabulary of another model",
                    vocabulary.get().size(),
                    model.tokens()));
        }
    }

    /** Refuses a vocabulary most of whose entries can't be found in texts. */
    static void requireFindable(
            StructField field, SequenceForm form, Optional<Vocabulary> vocabulary, Settings.Input settings) {
        if (form != SequenceForm.TEXT) {
            return;
        }
        Vocabulary words = vocabulary.orElseThrow();
        if (words.pieces().isPresent() && !settings.splitter().isList()) {
            throw new RefusedException(
                    "input.vocabulary: it is of %s, whose entries are pieces of words, and column '%s' (%s) holds text, of which no input.splitter makes these pieces: pass a column of their ids (array<int>) or of the pieces (array<string>)"
                            .formatted(words.pieces().get(), field.name(), type(field)));
        }
        List<String> spaced = settings.splitter().isWhitespace() ? words.wordsWithSpace() : List.of();
        if (2 * spaced.size() > words.size()) {
            throw new RefusedException(
                    "input.vocabulary: %s, which a splitter at white space can't find in text: write one word on each line, or choose another input.splitter"
                            .formatted(spaced(spaced, words)));
        }
    }

    private static String spaced(List<String> spaced, Vocabulary words) {
        return String.format(
                Locale.ROOT,
                "%d of its %d words have white space in them, such as '%s'",
                spaced.size(),
                words.size(),
                spaced.get(0));
    }

    /** What is assumed about the vocabulary, as sentences; empty if none is read. */
    public List<String> notes(Settings.Input settings) {
        if (parts.isPresent()) {
            return parts.get().columns().stream()
                    .flatMap(column -> column.notes(settings).stream())
                    .distinct()
                    .toList();
        }
        if (!form.needsVocabulary()) {
            return List.of();
        }
        Vocabulary words = vocabulary.orElseThrow();
        List<String> notes = new ArrayList<>();
        words.notes().forEach(note -> notes.add("input.vocabulary: " + note));
        if (form == SequenceForm.TEXT && settings.splitter().isWhitespace()) {
            List<String> spaced = words.wordsWithSpace();
            if (!spaced.isEmpty()) {
                notes.add("input.vocabulary: %s, which a splitter at white space never finds"
                        .formatted(spaced(spaced, words)));
            }
        }
        if (form == SequenceForm.TEXT && words.looksLikePieces()) {
            notes.add(
                    "input.vocabulary: many of its words begin as pieces of words do (with 'Ġ', '▁' or '##'), and texts are split into whole words here; if the model reads pieces, the scores are wrong");
        }
        return notes;
    }

    private static String type(StructField field) {
        return field.dataType().catalogString();
    }
}
