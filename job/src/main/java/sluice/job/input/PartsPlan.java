package sluice.job.input;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.cell.InputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.model.Embedding;
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;
import sluice.job.message.RefusedException;
import sluice.job.model.Vocabularies;
import sluice.job.model.Vocabulary;
import sluice.job.row.SequenceForm;
import sluice.job.settings.ColumnValues;
import sluice.job.settings.Settings;
import sluice.job.source.ColumnNames;
import sluice.job.source.ColumnPath;

/**
 * How a row becomes the sequence of a model with several inputs: its columns are the fields of one struct, by the names of the model's
 * parts.
 *
 * @param columns the plan of each part, in the order of the model; its column is an index in the struct
 * @param names of the parts
 * @param tokens that the settings name, for each part
 * @param target the part that the model's classes are the tokens of, if it is known
 */
record PartsPlan(List<InputPlan> columns, List<String> names, List<BoundaryTokens.Named> tokens, OptionalInt target) {
    private static final String DEFAULT_TOKENS = "tokens"; // of input.tokens

    /**
     * The struct of a table's columns that a model with several inputs reads.
     *
     * @param values of the column at a path
     * @throws RefusedException if the table lacks one of them
     */
    static Column struct(StructType schema, ColumnNames names, LstmModel model, Function<ColumnPath, Column> values) {
        return functions.struct(model.parts().stream()
                .map(part -> ColumnPath.find(schema, part.name(), names)
                        .map(path -> values.apply(path).as(part.name()))
                        .orElseThrow(() -> missing(part.name(), schema)))
                .toArray(Column[]::new));
    }

    private static RefusedException missing(String name, StructType schema) {
        return new RefusedException(
                "model.inputs: no column '%s' in the input, which has %s; name the column of each input of the model"
                        .formatted(name, ColumnPath.columns(schema)));
    }

    /** The same schema with the types in which a model reads its columns; for JSON, whose types are those of all values together. */
    static StructType typed(
            StructType schema, ColumnNames names, LstmModel model, Settings settings, Vocabularies vocabularies) {
        StructType typed = schema;
        OptionalInt target = target(model, settings);
        for (int at = 0; at < model.parts().size(); at++) {
            InputPart part = model.parts().get(at);
            Optional<ColumnPath> path = ColumnPath.find(typed, part.name(), names);
            boolean holdsWords = vocabulary(part, target.equals(OptionalInt.of(at)), vocabularies)
                    .isPresent();
            if (path.isPresent() && !holdsWords) {
                SequenceForm numbers = part.width() == 1 ? SequenceForm.NUMBERS : SequenceForm.FEATURE_ROWS;
                SequenceForm form = part.embedding().isPresent() ? SequenceForm.IDS : numbers;
                ArrayType type = (ArrayType) form.widestType();
                boolean ofEvent = settings.input().events().areRows();
                typed = path.get().retyped(typed, ofEvent ? type.elementType() : type);
            }
        }
        return typed;
    }

    /** The same schema with text in all columns that the model reads; for CSV, where Spark would infer a number from a single value. */
    static StructType asText(StructType schema, ColumnNames names, LstmModel model) {
        StructType text = schema;
        for (InputPart part : model.parts()) {
            Optional<ColumnPath> path = ColumnPath.find(text, part.name(), names);
            if (path.isPresent()) {
                text = path.get().retyped(text, DataTypes.StringType);
            }
        }
        return text;
    }

    /** @throws RefusedException if the struct and the model do not fit together */
    static PartsPlan resolve(StructType struct, LstmModel model, Settings settings, Vocabularies vocabularies) {
        OptionalInt target = target(model, settings);
        requireTarget(target, model, settings);
        List<InputPlan> columns = new ArrayList<>();
        for (int at = 0; at < model.parts().size(); at++) {
            InputPart part = model.parts().get(at);
            int field = Arrays.asList(struct.fieldNames()).indexOf(part.name());
            if (field < 0) {
                throw missing(part.name(), struct);
            }
            boolean isTarget = target.equals(OptionalInt.of(at));
            columns.add(resolve(
                    field, struct.fields()[field], part, vocabulary(part, isTarget, vocabularies), settings.input()));
        }
        if (target.isEmpty() && settings.input().vocabulary().isPresent()) {
            throw new RefusedException(
                    "input.vocabulary: which of %s has these words? Set input.tokens to its column, or input.vocabularies"
                            .formatted(tokens(model)));
        }
        return new PartsPlan(
                columns,
                model.parts().stream().map(InputPart::name).toList(),
                namedTokens(model.parts(), settings.input()),
                target);
    }

    private static Optional<Vocabulary> vocabulary(InputPart part, boolean isTarget, Vocabularies vocabularies) {
        Optional<Vocabulary> own = Optional.ofNullable(vocabularies.byColumn().get(part.name()));
        return own.or(() -> isTarget ? vocabularies.common() : Optional.empty());
    }

    private static List<BoundaryTokens.Named> namedTokens(List<InputPart> parts, Settings.Input settings) {
        ColumnValues unknown = ColumnValues.of("input.unknown-word", settings.unknownWord(), parts);
        ColumnValues begin = ColumnValues.of("input.begin-token", settings.beginToken(), parts);
        ColumnValues end = ColumnValues.of("input.end-token", settings.endToken(), parts);
        requireBoundaries("input.begin-token", settings.beginToken(), begin, parts);
        requireBoundaries("input.end-token", settings.endToken(), end, parts);
        return parts.stream()
                .map(part ->
                        new BoundaryTokens.Named(unknown.of(part.name()), begin.of(part.name()), end.of(part.name())))
                .toList();
    }

    /** A token that begins or ends a sequence is a step, so that each input needs one. */
    private static void requireBoundaries(
            String key, Optional<String> setting, ColumnValues tokens, List<InputPart> parts) {
        for (InputPart part : setting.isPresent() ? parts : List.<InputPart>of()) {
            if (part.embedding().isEmpty()) {
                throw new RefusedException(
                        "%s = '%s', but the model's input %s has no such token: leave it empty, and put this step into the columns"
                                .formatted(key, setting.get(), part));
            }
            if (tokens.of(part.name()).isEmpty()) {
                throw new RefusedException("%s = '%s': has no token for column '%s', expected one for each input"
                        .formatted(key, setting.get(), part.name()));
            }
        }
    }

    private static InputPlan resolve(
            int field, StructField column, InputPart part, Optional<Vocabulary> vocabulary, Settings.Input settings) {
        SequenceForm form = form(column, part, vocabulary.isPresent(), settings);
        if (form.needsVocabulary()
                && vocabulary.get().size() > part.embedding().orElseThrow().tokens()) {
            throw new RefusedException(String.format(
                    Locale.ROOT,
                    "%s: %d words, but input %s: this may be the vocabulary of another model",
                    settings.vocabularies().containsKey(part.name())
                            ? "input.vocabularies." + part.name()
                            : "input.vocabulary",
                    vocabulary.get().size(),
                    part));
        }
        InputPlan.requireFindable(column, form, vocabulary, settings);
        InputKind kind = part.embedding().isPresent() ? InputKind.EMBEDDING : InputKind.FEATURES;
        return new InputPlan(field, InputPlan.NO_LENGTH, form, kind, vocabulary, Optional.empty(), Optional.empty());
    }

    /** @param hasWords whether a vocabulary belongs to this input */
    private static SequenceForm form(StructField column, InputPart part, boolean hasWords, Settings.Input settings) {
        String type = column.dataType().catalogString();
        SequenceForm looks = SequenceForm.of(column.dataType());
        SequenceForm form = null;
        if (looks != null) {
            form = part.embedding().isPresent()
                    ? looks.ofTokens(hasWords, settings)
                    : looks.ofNumbers(part.width(), settings);
        }
        if (form == null) {
            throw new RefusedException("model.inputs: column '%s' has type %s%s, but the model's input %s: expected %s"
                    .formatted(
                            part.name(),
                            type,
                            settings.events().areRows() ? " as input.group-by collects it" : "",
                            part,
                            expected(part)));
        }
        if (form.needsVocabulary() && !hasWords) {
            throw new RefusedException(
                    "model.inputs: column '%s' (%s) holds %s, expected array<int|bigint> of ids: set input.vocabularies.%s to a file of its words; input.vocabulary has those of the column of input.tokens"
                            .formatted(part.name(), type, form, part.name()));
        }
        return form;
    }

    private static String expected(InputPart part) {
        if (part.embedding().isPresent()) {
            return "array<int|bigint> of ids";
        }
        return part.width() == 1
                ? "array<float|double>, or array<array<float|double>> with one number a step"
                : String.format(Locale.ROOT, "array<array<float|double>> with %d numbers a step", part.width());
    }

    /** The columns as the type of an argument, for messages. */
    static String expected(LstmModel model) {
        return model.parts().stream()
                .map(part -> "%s:%s".formatted(part.name(), expected(part)))
                .collect(Collectors.joining(", ", "struct<", ">"));
    }

    /**
     * The part that {@code input.tokens} names, or the only one with as many tokens as there are classes.
     *
     * @throws RefusedException if {@code input.tokens} is set to another column
     */
    private static OptionalInt target(LstmModel model, Settings settings) {
        String tokens = settings.input().tokens();
        List<InputPart> parts = model.parts();
        OptionalInt named = IntStream.range(0, parts.size())
                .filter(at -> parts.get(at).name().equals(tokens))
                .findFirst();
        if (named.isPresent()) {
            if (parts.get(named.getAsInt()).embedding().isEmpty()) {
                throw new RefusedException("input.tokens: column '%s' is numbers to the model, expected one of %s"
                        .formatted(tokens, tokens(model)));
            }
            return named;
        }
        if (!tokens.equals(DEFAULT_TOKENS)) {
            throw new RefusedException("input.tokens: column '%s' is no input of the model, expected one of %s"
                    .formatted(tokens, tokens(model)));
        }
        ScoreRequest request = settings.output().request();
        long classes = model.output().map(OutputLayer::classes).orElse(0) + (long) request.firstClass();
        int[] equal = IntStream.range(0, parts.size())
                .filter(at -> parts.get(at).embedding().map(Embedding::tokens).orElse(0) == classes)
                .toArray();
        return equal.length == 1 ? OptionalInt.of(equal[0]) : OptionalInt.empty();
    }

    private static void requireTarget(OptionalInt target, LstmModel model, Settings settings) {
        if (target.isEmpty() && settings.output().request().needsTargets()) {
            throw new RefusedException(String.format(
                    Locale.ROOT,
                    "output.emit: loglik, logprob and rank are about the next value of one column, and it is open which of %s the model's %d classes are: set input.tokens to that column",
                    tokens(model),
                    model.output().map(OutputLayer::classes).orElse(0)));
        }
    }

    private static String tokens(LstmModel model) {
        return model.parts().stream()
                .filter(part -> part.embedding().isPresent())
                .map(part -> String.format(
                        Locale.ROOT,
                        "'%s' (%d tokens)",
                        part.name(),
                        part.embedding().get().tokens()))
                .collect(Collectors.joining(", "));
    }
}
