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
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Steps;
import sluice.cell.model.Readout;
import sluice.cell.weights.ModelFormat;
import sluice.cell.weights.file.TensorNames;
import sluice.job.message.RefusedException;

/**
 * All settings of a run, checked one by one; {@code conf/scoring.conf} says what they mean.
 *
 * @param sha256 of those that answers depend on, see {@link SettingsHash}
 */
public record Settings(
        Model model,
        Input input,
        State state,
        Scoring scoring,
        Output output,
        BadRows badRows,
        Report report,
        String sha256) {
    /** {@code model.*}; no input kind means: find out, no readout: what the file says. */
    public record Model(
            String path, ModelFormat format, Optional<InputKind> input, Optional<Readout> readout, TensorNames names) {}

    /** {@code input.*}; no columns means: all. */
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
            Optional<String> checkpoint) {}

    /** {@code state.*}; no path means: nothing is carried over. */
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
            VectorForm vectors,
            FileTarget files,
            String prefix,
            List<String> partitionBy,
            Map<String, String> options,
            Optional<String> tableProvider,
            boolean provenance) {
        /** The same in partitions of one more column, outermost, of which those that are written are replaced. */
        public Output inPartitions(String column) {
            List<String> columns = new ArrayList<>(List.of(column));
            columns.addAll(partitionBy);
            return new Output(
                    path,
                    format,
                    OutputMode.PARTITIONS,
                    request,
                    vectors,
                    files,
                    prefix,
                    List.copyOf(columns),
                    options,
                    tableProvider,
                    provenance);
        }
    }

    /** Whether the table has to be looked at before it is known how it is cut into tasks. */
    public boolean asksForSurvey() {
        return scoring.taskSeconds() > 0
                || scoring.clusterPrefixes() != ClusterPrefixes.NEVER
                || output.files().isGiven();
    }

    /** {@code report.*}: where a copy goes, what the run is called, and of how many runs an output keeps what is beside the rows; 0: all. */
    public record Report(Optional<String> path, String run, int keepRuns) {}

    /** {@code bad-rows.*}; more than this fraction of all rows fails the run; no path means: in the output. */
    public record BadRows(BadRowRule rule, double maxFraction, Optional<String> path) {}

    /**
     * The command line over the file over the defaults.
     *
     * @param file a settings file, or null
     * @param overrides from the command line, by key
     * @throws RefusedException where a key is unknown, a value is wrong, or a required one is missing
     */
    public static Settings read(Path file, Map<String, String> overrides) {
        Config merged = SettingValues.merge(file, overrides);
        return of(new SettingValues(merged), SettingsHash.of(merged));
    }

    /**
     * The same for settings that stand neither in a file nor on a command line.
     *
     * @param where they stand, for messages
     */
    public static Settings readFrom(String where, Map<String, String> overrides) {
        Config merged = SettingValues.merge(null, overrides, where);
        return of(new SettingValues(merged), SettingsHash.of(merged));
    }

    /**
     * What is asked where only the model is looked at: neither a table nor an output is needed then, and their settings are not read.
     *
     * @param mode what happens to a file that exists, where the model is saved
     */
    public record ModelOnly(Model model, Optional<String> vocabulary, OutputMode mode) {}

    /**
     * The same for a run that only looks at a model.
     *
     * @throws RefusedException as {@link #read} does, for the settings that are read
     */
    public static ModelOnly readModelOnly(Path file, Map<String, String> overrides) {
        SettingValues values = new SettingValues(SettingValues.merge(file, overrides));
        return new ModelOnly(
                model(values), values.optional("input.vocabulary"), values.constant("output.mode", OutputMode.class));
    }

    private static Settings of(SettingValues values, String sha256) {
        return new Settings(
                model(values),
                input(values),
                state(values),
                scoring(values),
                output(values),
                new BadRows(
                        values.constant("bad-rows.rule", BadRowRule.class),
                        values.fraction("bad-rows.max-fraction"),
                        values.optional("bad-rows.path")),
                new Report(values.optional("report.path"), values.string("report.run"), (int)
                        values.atLeast("report.keep-runs", 0, Integer.MAX_VALUE)),
                sha256);
    }

    private static Model model(SettingValues values) {
        String input = values.string("model.input");
        return new Model(
                values.required("model.path", "--model"),
                values.constant("model.format", ModelFormat.class),
                input.equals("auto")
                        ? Optional.empty()
                        : Optional.of(values.constant("model.input", InputKind.class, "auto")),
                values.string("model.readout").equals("auto")
                        ? Optional.empty()
                        : Optional.of(values.constant("model.readout", Readout.class, "auto")),
                new TensorNames(
                        values.optional("model.embedding"),
                        values.optional("model.output"),
                        values.optional("model.lstm")));
    }

    private static Input input(SettingValues values) {
        List<String> paths = values.strings("input.path");
        if (paths.isEmpty()) {
            throw new RefusedException("no input: pass --input or set input.path");
        }
        return new Input(
                paths,
                values.constant("input.format", InputFormat.class),
                values.map("input.options"),
                values.optional("input.filter"),
                values.strings("input.columns"),
                values.string("input.tokens"),
                values.strings("input.key"),
                values.optional("input.state"),
                values.optional("input.vocabulary"),
                splitter(values),
                values.optional("input.unknown-word"),
                values.optional("input.begin-token"),
                values.optional("input.end-token"),
                new LengthLimits(
                        (int) values.atLeast("input.min-length", 0, Integer.MAX_VALUE),
                        (int) values.atLeast("input.max-length", 0, Integer.MAX_VALUE),
                        values.constant("input.too-long", LengthLimits.TooLong.class)),
                values.optional("input.checkpoint"));
    }

    private static Tokenizer splitter(SettingValues values) {
        Tokenizer.Kind kind = values.constant("input.splitter", Tokenizer.Kind.class);
        String pattern = values.string("input.splitter-pattern");
        try {
            return new Tokenizer(kind, Pattern.compile(pattern));
        } catch (PatternSyntaxException e) {
            throw new RefusedException(
                    "input.splitter-pattern = '%s' is no regular expression: %s".formatted(pattern, e.getDescription()),
                    e);
        }
    }

    private static State state(SettingValues values) {
        State state = new State(values.optional("state.path"), values.strings("state.key"), (int)
                values.atLeast("state.keep", 2, Integer.MAX_VALUE));
        if (state.path().isEmpty()) {
            return state;
        }
        if (state.key().isEmpty()) {
            throw new RefusedException("state.path: whose states? set state.key to the columns that tell it");
        }
        if (values.optional("input.state").isPresent()) {
            throw new RefusedException(
                    "input.state and state.path are both set, and a row goes on from one state: leave one of them empty");
        }
        if (values.optional("input.checkpoint").isPresent()) {
            throw new RefusedException(
                    "input.checkpoint (--incremental) and state.path are both set: a key's new tokens may lie in several files of a batch, and one"
                            + " row of a key goes on from its state; bring them together, and score them without input.checkpoint");
        }
        if (values.optional("input.begin-token").isPresent()
                || values.optional("input.end-token").isPresent()) {
            throw new RefusedException(
                    "state.path: what a run reads is the middle of a history, which begins and ends elsewhere: leave input.begin-token and"
                            + " input.end-token empty, and put the tokens into the table where a history begins or ends");
        }
        return state;
    }

    private static Scoring scoring(SettingValues values) {
        return new Scoring(
                values.constant("scoring.kernel", KernelChoice.class),
                values.bytes("scoring.batch-bytes", 1),
                values.bytes("scoring.look-up-bytes", 0),
                (int) values.atLeast("scoring.task-seconds", 0, 1_000_000),
                values.constant("scoring.cluster-prefixes", ClusterPrefixes.class));
    }

    /** Files that come are added to those before them: that needs not be said. */
    private static OutputMode mode(SettingValues values) {
        boolean isImplied = values.optional("input.checkpoint").isPresent() && values.isDefault("output.mode");
        return isImplied ? OutputMode.APPEND : values.constant("output.mode", OutputMode.class);
    }

    private static Output output(SettingValues values) {
        Steps at = values.constant("output.at", Steps.class);
        List<OutputKind> emissions = values.constants("output.emit", OutputKind.class);
        int topK = (int) values.atLeast("output.top-k", 1, Integer.MAX_VALUE);
        ScoreRequest request;
        try {
            request = new ScoreRequest(at, emissions, topK, values.numberOr("top", "output.gates-layer"));
        } catch (IllegalArgumentException e) {
            throw new RefusedException("output.emit: " + e.getMessage(), e);
        }
        return new Output(
                values.required("output.path", "--output"),
                values.constant("output.format", OutputFormat.class),
                mode(values),
                request,
                values.constant("output.vectors", VectorForm.class),
                new FileTarget(
                        values.atLeast("output.file-rows", 0, Long.MAX_VALUE), values.bytes("output.file-bytes", 0)),
                values.string("output.prefix"),
                values.strings("output.partition-by"),
                values.map("output.options"),
                values.optional("output.table-provider"),
                values.flag("output.provenance"));
    }
}
