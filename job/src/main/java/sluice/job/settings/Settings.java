package sluice.job.settings;

import com.typesafe.config.Config;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.ScoreRequest;
import sluice.cell.model.Readout;
import sluice.cell.weights.ModelFormat;
import sluice.cell.weights.file.TensorNames;
import sluice.job.message.RefusedException;

/**
 * All settings of a run, each of them checked. {@code conf/scoring.conf} documents them.
 *
 * @param file the settings file, if there is one
 * @param written the values of the settings that a report states, by key: those that are needed to score the rows of an output again
 * @param sha256 the settings hash: the SHA-256 of all settings that can change answers or their form, see {@link SettingKey}
 */
public record Settings(
        Model model,
        Input input,
        State state,
        Scoring scoring,
        Output output,
        BadRows badRows,
        Report report,
        Optional<Path> file,
        Map<String, Object> written,
        String sha256) {
    /** {@code model.*}; an empty input kind or readout is {@code auto}. */
    public record Model(
            String path, ModelFormat format, Optional<InputKind> input, Optional<Readout> readout, TensorNames names) {}

    /** {@code input.*}; no columns means all. */
    public record Input(
            List<String> paths,
            InputFormat format,
            Map<String, String> options,
            Optional<String> filter,
            List<String> columns,
            String tokens,
            List<String> key,
            Optional<String> state,
            Optional<String> vocabulary,
            Tokenizer splitter,
            Optional<String> unknownWord,
            Optional<String> beginToken,
            Optional<String> endToken,
            LengthLimits limits,
            Optional<WindowSettings> windows,
            Optional<String> checkpoint) {}

    /** {@code state.*}; without a path no state is carried from run to run. */
    public record State(Optional<String> path, List<String> key, int keep) {}

    /** {@code scoring.*}. */
    public record Scoring(
            KernelChoice kernel, long batchBytes, long lookUpBytes, int taskSeconds, ClusterPrefixes clusterPrefixes) {}

    /** {@code output.*}. */
    public record Output(
            String path,
            OutputFormat format,
            OutputMode mode,
            ScoreRequest request,
            AnswerClasses classes,
            VectorForm vectors,
            FileSize files,
            String prefix,
            List<String> partitionBy,
            Map<String, String> options,
            Optional<String> tableProvider,
            boolean provenance) {
        /** These settings with one more partition column, the outermost, in mode {@code PARTITIONS}. */
        public Output inPartitions(String column) {
            List<String> columns = new ArrayList<>(List.of(column));
            columns.addAll(partitionBy);
            return new Output(
                    path,
                    format,
                    OutputMode.PARTITIONS,
                    request,
                    classes,
                    vectors,
                    files,
                    prefix,
                    List.copyOf(columns),
                    options,
                    tableProvider,
                    provenance);
        }
    }

    /**
     * Limits of an output file, by rows and by bytes; the smaller one applies.
     *
     * @param rows {@code output.file-rows}, 0 for no limit
     * @param bytes {@code output.file-bytes}, 0 for no limit
     */
    public record FileSize(long rows, long bytes) {
        /**
         * The maximum number of rows of a file, 0 for no limit.
         *
         * @param rowBytes bytes of a row
         */
        public long rows(double rowBytes) {
            if (bytes == 0) {
                return rows;
            }
            long fitting = Math.max(1, (long) (bytes / Math.max(1, rowBytes)));
            return rows == 0 ? fitting : Math.min(rows, fitting);
        }
    }

    /** Whether the layout of tasks depends on a sample of the table. */
    public boolean needsSample() {
        return scoring.taskSeconds() > 0
                || scoring.clusterPrefixes() != ClusterPrefixes.NEVER
                || output.files().rows() > 0
                || output.files().bytes() > 0;
    }

    /** {@code report.*}; {@code keepRuns} 0 keeps the reports and bad rows of all runs. */
    public record Report(Optional<String> path, String run, int keepRuns) {}

    /** {@code bad-rows.*}; without a path the quarantine is in the output. */
    public record BadRows(BadRowRule rule, double maxFraction, Optional<String> path) {}

    /**
     * Reads the settings. Precedence: command line, settings file, defaults.
     *
     * @param file a settings file, or null
     * @param overrides values of the command line by key
     * @throws RefusedException if a key is unknown, a value is wrong, or a required value is missing
     */
    public static Settings read(Path file, Map<String, String> overrides) {
        Config merged = SettingValues.merge(file, overrides);
        return of(new SettingValues(merged), Optional.ofNullable(file), merged);
    }

    /**
     * The settings of an earlier run, as its report states them.
     *
     * @param written {@link #written()} of that run
     * @param overrides values of the command line by key, which take precedence
     * @throws RefusedException as {@link #read}
     */
    public static Settings readAgain(Map<String, Object> written, Map<String, String> overrides) {
        Config merged = WrittenSettings.merge(written, overrides);
        return of(new SettingValues(merged), Optional.empty(), merged);
    }

    /**
     * Overrides that don't come from the command line, over the defaults.
     *
     * @param where the source of the overrides, for messages
     * @param overrides values by key
     * @throws RefusedException as {@link #read}
     */
    public static Settings readFrom(String where, Map<String, String> overrides) {
        Config merged = SettingValues.merge(null, overrides, where);
        return of(new SettingValues(merged), Optional.empty(), merged);
    }

    /**
     * The settings of {@code --describe} and {@code --save-model}, which need neither a table nor an output.
     *
     * @param mode what happens to an existing file when the model is saved
     */
    public record ModelOnly(Model model, Optional<String> vocabulary, OutputMode mode) {}

    /**
     * The settings of {@code --describe} and {@code --save-model}.
     *
     * @throws RefusedException as {@link #read}, for these settings only
     */
    public static ModelOnly readModelOnly(Path file, Map<String, String> overrides) {
        SettingValues values = new SettingValues(SettingValues.merge(file, overrides));
        return new ModelOnly(
                model(values),
                values.optional(SettingKey.INPUT_VOCABULARY),
                values.constant(SettingKey.OUTPUT_MODE, OutputMode.class));
    }

    private static Settings of(SettingValues values, Optional<Path> file, Config merged) {
        Model model = model(values);
        Input input = input(values);
        return new Settings(
                model,
                input,
                state(values),
                scoring(values),
                output(values, input.windows()),
                new BadRows(
                        values.constant(SettingKey.BAD_ROWS_RULE, BadRowRule.class),
                        values.fraction(SettingKey.BAD_ROWS_MAX_FRACTION),
                        values.optional(SettingKey.BAD_ROWS_PATH)),
                new Report(values.optional(SettingKey.REPORT_PATH), values.string(SettingKey.REPORT_RUN), (int)
                        values.within(SettingKey.REPORT_KEEP_RUNS, 0, Integer.MAX_VALUE)),
                file,
                WrittenSettings.of(merged),
                SettingsHash.of(merged));
    }

    private static Model model(SettingValues values) {
        String input = values.string(SettingKey.MODEL_INPUT);
        return new Model(
                values.required(SettingKey.MODEL_PATH),
                values.constant(SettingKey.MODEL_FORMAT, ModelFormat.class),
                input.equals("auto")
                        ? Optional.empty()
                        : Optional.of(values.constant(SettingKey.MODEL_INPUT, InputKind.class, "auto")),
                values.string(SettingKey.MODEL_READOUT).equals("auto")
                        ? Optional.empty()
                        : Optional.of(values.constant(SettingKey.MODEL_READOUT, Readout.class, "auto")),
                names(values));
    }

    private static TensorNames names(SettingValues values) {
        TensorNames names = TensorNames.automatic()
                .withLstms(values.strings(SettingKey.MODEL_LSTM))
                .withIgnored(values.strings(SettingKey.MODEL_IGNORE));
        names = values.optional(SettingKey.MODEL_EMBEDDING)
                .map(names::withEmbedding)
                .orElse(names);
        names = values.optional(SettingKey.MODEL_OUTPUT).map(names::withOutput).orElse(names);
        return values.optional(SettingKey.MODEL_ENTRY).map(names::withEntry).orElse(names);
    }

    private static Input input(SettingValues values) {
        List<String> paths = values.strings(SettingKey.INPUT_PATH);
        if (paths.isEmpty()) {
            throw SettingValues.missing(SettingKey.INPUT_PATH);
        }
        return new Input(
                paths,
                values.constant(SettingKey.INPUT_FORMAT, InputFormat.class),
                values.map(SettingKey.INPUT_OPTIONS),
                values.optional(SettingKey.INPUT_FILTER),
                values.strings(SettingKey.INPUT_COLUMNS),
                values.string(SettingKey.INPUT_TOKENS),
                values.strings(SettingKey.INPUT_KEY),
                values.optional(SettingKey.INPUT_STATE),
                values.optional(SettingKey.INPUT_VOCABULARY),
                splitter(values),
                values.optional(SettingKey.INPUT_UNKNOWN_WORD),
                values.optional(SettingKey.INPUT_BEGIN_TOKEN),
                values.optional(SettingKey.INPUT_END_TOKEN),
                new LengthLimits(
                        (int) values.within(SettingKey.INPUT_MIN_LENGTH, 0, Integer.MAX_VALUE),
                        (int) values.within(SettingKey.INPUT_MAX_LENGTH, 0, Integer.MAX_VALUE),
                        values.constant(SettingKey.INPUT_TOO_LONG, LengthLimits.TooLong.class)),
                WindowSettings.read(values),
                values.optional(SettingKey.INPUT_CHECKPOINT));
    }

    private static Tokenizer splitter(SettingValues values) {
        Tokenizer.Kind kind = values.constant(SettingKey.INPUT_SPLITTER, Tokenizer.Kind.class);
        String pattern = values.string(SettingKey.INPUT_SPLITTER_PATTERN);
        try {
            return new Tokenizer(kind, Pattern.compile(pattern));
        } catch (PatternSyntaxException e) {
            throw new RefusedException(
                    "input.splitter-pattern = '%s' is not a regular expression: %s"
                            .formatted(pattern, e.getDescription()),
                    e);
        }
    }

    private static State state(SettingValues values) {
        State state = new State(values.optional(SettingKey.STATE_PATH), values.strings(SettingKey.STATE_KEY), (int)
                values.within(SettingKey.STATE_KEEP, 2, Integer.MAX_VALUE));
        if (state.path().isEmpty()) {
            return state;
        }
        if (state.key().isEmpty()) {
            throw new RefusedException(
                    "state.path is set without state.key: set state.key to the columns that identify a sequence");
        }
        if (values.optional(SettingKey.INPUT_STATE).isPresent()) {
            throw new RefusedException(
                    "input.state and state.path are both set, but a row has one initial state: leave one of them empty");
        }
        if (values.optional(SettingKey.INPUT_CHECKPOINT).isPresent()) {
            throw new RefusedException(
                    "input.checkpoint (--incremental) and state.path are both set: a batch may have several rows of a key, but a run continues from"
                            + " one row per key; merge the rows of a key, and score them without input.checkpoint");
        }
        if (values.optional(SettingKey.INPUT_BEGIN_TOKEN).isPresent()
                || values.optional(SettingKey.INPUT_END_TOKEN).isPresent()) {
            throw new RefusedException(
                    "state.path: a run reads a part of a key's history, not its begin and end: leave input.begin-token and input.end-token empty, and"
                            + " put the tokens into the table where a history begins or ends");
        }
        return state;
    }

    private static Scoring scoring(SettingValues values) {
        return new Scoring(
                values.constant(SettingKey.SCORING_KERNEL, KernelChoice.class),
                values.bytes(SettingKey.SCORING_BATCH_BYTES, 1),
                values.bytes(SettingKey.SCORING_LOOK_UP_BYTES, 0),
                (int) values.within(SettingKey.SCORING_TASK_SECONDS, 0, 1_000_000),
                values.constant(SettingKey.SCORING_CLUSTER_PREFIXES, ClusterPrefixes.class));
    }

    /** With {@code input.checkpoint} the default mode is append. */
    private static OutputMode mode(SettingValues values) {
        boolean isImplied =
                values.optional(SettingKey.INPUT_CHECKPOINT).isPresent() && values.isDefault(SettingKey.OUTPUT_MODE);
        return isImplied ? OutputMode.APPEND : values.constant(SettingKey.OUTPUT_MODE, OutputMode.class);
    }

    private static Output output(SettingValues values, Optional<WindowSettings> windows) {
        AnswerClasses classes = AnswerClasses.of(values);
        ScoreRequest request = RequestSettings.read(values, classes);
        windows.ifPresent(found -> found.requireFit(request));
        return new Output(
                values.required(SettingKey.OUTPUT_PATH),
                values.constant(SettingKey.OUTPUT_FORMAT, OutputFormat.class),
                mode(values),
                request,
                classes,
                values.constant(SettingKey.OUTPUT_VECTORS, VectorForm.class),
                new FileSize(
                        values.within(SettingKey.OUTPUT_FILE_ROWS, 0, Long.MAX_VALUE),
                        values.bytes(SettingKey.OUTPUT_FILE_BYTES, 0)),
                values.string(SettingKey.OUTPUT_PREFIX),
                values.strings(SettingKey.OUTPUT_PARTITION_BY),
                values.map(SettingKey.OUTPUT_OPTIONS),
                values.optional(SettingKey.OUTPUT_TABLE_PROVIDER),
                values.flag(SettingKey.OUTPUT_PROVENANCE));
    }
}
