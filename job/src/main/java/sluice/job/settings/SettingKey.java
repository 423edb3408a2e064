package sluice.job.settings;

import java.util.Arrays;
import java.util.Optional;

/**
 * Every key of {@code conf/scoring.conf}, declared once: whether it is part of the settings hash, whether the SQL functions use it, and
 * its option on the command line.
 *
 * <p>The settings hash is the SHA-256 of all settings that can change answers or their form. Excluded are locations, what happens to
 * existing output, task layout, memory limits and reports. The hash includes the vocabulary's path. The model has a separate SHA-256.
 */
public enum SettingKey {
    MODEL_PATH("model.path", Hash.EXCLUDED, Scope.MODEL, "--model"),
    MODEL_FORMAT("model.format", Hash.INCLUDED, Scope.MODEL),
    MODEL_INPUT("model.input", Hash.INCLUDED, Scope.MODEL),
    MODEL_EMBEDDING("model.embedding", Hash.INCLUDED, Scope.MODEL),
    MODEL_OUTPUT("model.output", Hash.INCLUDED, Scope.MODEL),
    MODEL_READOUT("model.readout", Hash.INCLUDED, Scope.MODEL),
    MODEL_LSTM("model.lstm", Hash.INCLUDED, Scope.MODEL),
    MODEL_IGNORE("model.ignore", Hash.LATER, Scope.MODEL),
    MODEL_ENTRY("model.entry", Hash.LATER, Scope.MODEL),

    INPUT_PATH("input.path", Hash.EXCLUDED, Scope.TABLE, "--input"),
    INPUT_FORMAT("input.format", Hash.INCLUDED, Scope.TABLE, "--input-format"),
    INPUT_CHECKPOINT("input.checkpoint", Hash.EXCLUDED, Scope.TABLE, "--incremental"),
    INPUT_OPTIONS("input.options", Hash.INCLUDED, Scope.TABLE),
    INPUT_FILTER("input.filter", Hash.INCLUDED, Scope.TABLE),
    INPUT_COLUMNS("input.columns", Hash.INCLUDED, Scope.TABLE),
    INPUT_TOKENS("input.tokens", Hash.INCLUDED, Scope.TABLE, "--tokens"),
    INPUT_STATE("input.state", Hash.INCLUDED, Scope.MODEL),
    INPUT_KEY("input.key", Hash.EXCLUDED, Scope.TABLE),
    INPUT_VOCABULARY("input.vocabulary", Hash.INCLUDED, Scope.MODEL, "--vocabulary"),
    INPUT_SPLITTER("input.splitter", Hash.INCLUDED, Scope.MODEL, "--splitter"),
    INPUT_SPLITTER_PATTERN("input.splitter-pattern", Hash.INCLUDED, Scope.MODEL),
    INPUT_UNKNOWN_WORD("input.unknown-word", Hash.INCLUDED, Scope.MODEL),
    INPUT_BEGIN_TOKEN("input.begin-token", Hash.INCLUDED, Scope.MODEL),
    INPUT_END_TOKEN("input.end-token", Hash.INCLUDED, Scope.MODEL),
    INPUT_MIN_LENGTH("input.min-length", Hash.INCLUDED, Scope.MODEL),
    INPUT_MAX_LENGTH("input.max-length", Hash.INCLUDED, Scope.MODEL),
    INPUT_TOO_LONG("input.too-long", Hash.INCLUDED, Scope.MODEL),
    INPUT_WINDOW("input.window", Hash.LATER, Scope.MODEL),
    INPUT_PARTIAL_WINDOWS("input.partial-windows", Hash.LATER, Scope.MODEL),
    INPUT_WINDOW_PAD("input.window-pad", Hash.LATER, Scope.MODEL),
    INPUT_WINDOW_PADDING("input.window-padding", Hash.LATER, Scope.MODEL),

    STATE_PATH("state.path", Hash.EXCLUDED, Scope.MODEL),
    STATE_KEY("state.key", Hash.INCLUDED, Scope.MODEL),
    STATE_KEEP("state.keep", Hash.EXCLUDED, Scope.MODEL),

    SCORING_KERNEL("scoring.kernel", Hash.INCLUDED, Scope.MODEL, "--kernel"),
    SCORING_BATCH_BYTES("scoring.batch-bytes", Hash.EXCLUDED, Scope.MODEL),
    SCORING_LOOK_UP_BYTES("scoring.look-up-bytes", Hash.EXCLUDED, Scope.MODEL),
    SCORING_TASK_SECONDS("scoring.task-seconds", Hash.EXCLUDED, Scope.MODEL),
    SCORING_CLUSTER_PREFIXES("scoring.cluster-prefixes", Hash.EXCLUDED, Scope.MODEL),

    OUTPUT_PATH("output.path", Hash.EXCLUDED, Scope.TABLE, "--output"),
    OUTPUT_FORMAT("output.format", Hash.INCLUDED, Scope.TABLE, "--output-format"),
    OUTPUT_MODE("output.mode", Hash.EXCLUDED, Scope.TABLE, "--mode"),
    OUTPUT_PARTITION_BY("output.partition-by", Hash.INCLUDED, Scope.TABLE),
    OUTPUT_OPTIONS("output.options", Hash.EXCLUDED, Scope.TABLE),
    OUTPUT_TABLE_PROVIDER("output.table-provider", Hash.EXCLUDED, Scope.TABLE),
    OUTPUT_PROVENANCE("output.provenance", Hash.INCLUDED, Scope.TABLE),
    OUTPUT_AT("output.at", Hash.INCLUDED, Scope.MODEL, "--at"),
    OUTPUT_EMIT("output.emit", Hash.INCLUDED, Scope.MODEL, "--emit"),
    OUTPUT_TOP_K("output.top-k", Hash.INCLUDED, Scope.MODEL, "--top-k"),
    OUTPUT_CANDIDATES("output.candidates", Hash.LATER, Scope.MODEL),
    OUTPUT_EXCLUDE("output.exclude", Hash.LATER, Scope.MODEL),
    OUTPUT_TEMPERATURE("output.temperature", Hash.LATER, Scope.MODEL),
    OUTPUT_POOL("output.pool", Hash.LATER, Scope.MODEL),
    OUTPUT_FIRST_CLASS("output.first-class", Hash.LATER, Scope.MODEL),
    OUTPUT_GATES_LAYER("output.gates-layer", Hash.INCLUDED, Scope.MODEL),
    OUTPUT_VECTORS("output.vectors", Hash.INCLUDED, Scope.MODEL),
    OUTPUT_FILE_ROWS("output.file-rows", Hash.EXCLUDED, Scope.TABLE),
    OUTPUT_FILE_BYTES("output.file-bytes", Hash.EXCLUDED, Scope.TABLE),
    OUTPUT_PREFIX("output.prefix", Hash.INCLUDED, Scope.TABLE),

    BAD_ROWS_RULE("bad-rows.rule", Hash.INCLUDED, Scope.MODEL, "--bad-rows"),
    BAD_ROWS_MAX_FRACTION("bad-rows.max-fraction", Hash.EXCLUDED, Scope.TABLE),
    BAD_ROWS_PATH("bad-rows.path", Hash.EXCLUDED, Scope.TABLE),

    REPORT_PATH("report.path", Hash.EXCLUDED, Scope.TABLE, "--report"),
    REPORT_RUN("report.run", Hash.EXCLUDED, Scope.TABLE, "--run"),
    REPORT_KEEP_RUNS("report.keep-runs", Hash.EXCLUDED, Scope.TABLE);

    /** Whether the setting is part of the settings hash. */
    private enum Hash {
        INCLUDED,
        /** Included unless it has its default value: a setting that is newer than the hashes in existing reports. */
        LATER,
        EXCLUDED
    }

    private enum Scope {
        /** About the model and its answers: the SQL functions read it, too. */
        MODEL,
        /** About tables and files: the SQL functions ignore it. */
        TABLE
    }

    private final String key;
    private final Hash hash;
    private final Scope scope;
    private final String option; // or null

    SettingKey(String key, Hash hash, Scope scope) {
        this(key, hash, scope, null);
    }

    SettingKey(String key, Hash hash, Scope scope, String option) {
        this.key = key;
        this.hash = hash;
        this.scope = scope;
        this.option = option;
    }

    /** The setting of a key; for a map, the key of one of its entries. Empty for an unknown key. */
    public static Optional<SettingKey> of(String key) {
        return Arrays.stream(values())
                .filter(setting -> setting.isMap() ? key.startsWith(setting.key + ".") : key.equals(setting.key))
                .findFirst();
    }

    /** As in {@code conf/scoring.conf}. */
    public String key() {
        return key;
    }

    /** The option of the command line, for example {@code --model}, if it has one. */
    public Optional<String> option() {
        return Optional.ofNullable(option);
    }

    boolean isHashed() {
        return hash != Hash.EXCLUDED;
    }

    /** Whether it is hashed only if it differs from its default. */
    boolean isLater() {
        return hash == Hash.LATER;
    }

    /** Whether it is about tables and files, which the SQL functions don't have. */
    public boolean isIgnoredByFunctions() {
        return scope == Scope.TABLE;
    }

    /** Whether it is a map whose keys are Spark options. */
    boolean isMap() {
        return this == INPUT_OPTIONS || this == OUTPUT_OPTIONS;
    }

    /** The key, for messages. */
    @Override
    public String toString() {
        return key;
    }
}
