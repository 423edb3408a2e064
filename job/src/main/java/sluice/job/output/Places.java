package sluice.job.output;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.message.RefusedException;
import sluice.job.output.Place.Relation;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.InputFormat;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.OutputMode;
import sluice.job.settings.Settings;
import sluice.job.storage.Storage;

/**
 * All places that a run reads or writes. They are compared, each with each other one, before any task starts and before anything is
 * deleted. A run then never deletes or changes what it reads, and never reads what it writes.
 */
public final class Places {
    private static final Logger LOG = LoggerFactory.getLogger(Places.class);

    /** What a place is for, and how it may lie to the kinds before it. The table is in {@code job/README.md}. */
    private enum Kind {
        MODEL("--model"),
        VOCABULARY("--vocabulary"),
        LABELS("output.labels"),
        SETTINGS("--config"),
        INPUT("--input"),
        /** Is replaced as a whole or in parts. A reader of the input would find its rows there. */
        OUTPUT("--output", Relation.SAME, Relation.IN, Relation.HOLDS),
        STATE("state.path", Relation.SAME, Relation.IN, Relation.HOLDS),
        /** Only new files are written to it, so it may hold other places. It is refused if it holds anything before it is one. */
        CHECKPOINT("--incremental", Relation.SAME, Relation.IN),
        BAD_ROWS("bad-rows.path", Relation.SAME, Relation.IN, Relation.HOLDS),
        REPORT("--report", Relation.SAME, Relation.IN, Relation.HOLDS);

        private final String option;
        private final Set<Relation> refused = EnumSet.noneOf(Relation.class);

        Kind(String option, Relation... refused) {
            this.option = option;
            this.refused.addAll(List.of(refused));
        }

        private boolean isWritten() {
            return compareTo(OUTPUT) >= 0;
        }
    }

    private record Entry(Kind kind, Place place) {}

    private final Settings settings;
    private final List<Entry> entries = new ArrayList<>(); // by kind

    private Places(Settings settings, Optional<SparkSession> spark, Configuration hadoop) {
        this.settings = settings;
        add(Kind.MODEL, Optional.of(settings.model().path()), hadoop);
        settings.input().vocabularyFiles().forEach(file -> add(Kind.VOCABULARY, Optional.of(file), hadoop));
        add(Kind.LABELS, settings.output().labels(), hadoop);
        add(Kind.SETTINGS, settings.file().map(file -> "file:" + file.toAbsolutePath()), hadoop);
        addInput(spark, hadoop);
        addOutput(spark, hadoop);
        add(Kind.STATE, settings.state().path(), hadoop);
        add(Kind.CHECKPOINT, settings.input().checkpoint(), hadoop);
        add(Kind.BAD_ROWS, settings.badRows().path(), hadoop);
        addReport(hadoop);
    }

    /** On a file system that can't be used, the report is in nobody's way. The run ends without it, and says so. */
    private void addReport(Configuration hadoop) {
        Optional<String> path = settings.report().path();
        if (path.isPresent()
                && Storage.path(path.get(), Kind.REPORT.option).toUri().getScheme() != null) {
            try {
                Storage.of(path.get(), Kind.REPORT.option, hadoop);
            } catch (RefusedException e) {
                LOG.warn("{}", e.getMessage());
                return;
            }
        }
        add(Kind.REPORT, path, hadoop);
    }

    private void add(Kind kind, Optional<String> path, Configuration hadoop) {
        if (path.isPresent()) {
            if (kind.isWritten()) {
                Storage.requireWritableName(path.get(), kind.option);
            }
            entries.add(new Entry(kind, Place.of(path.get(), kind.option, hadoop)));
        }
    }

    private void addInput(Optional<SparkSession> spark, Configuration hadoop) {
        for (String path : settings.input().paths()) {
            List<Place> places = settings.input().format() == InputFormat.TABLE
                    ? tables(spark, path, Kind.INPUT, hadoop)
                    : Place.ofPattern(path, Kind.INPUT.option, hadoop);
            places.forEach(place -> entries.add(new Entry(Kind.INPUT, place)));
        }
    }

    private static List<Place> tables(Optional<SparkSession> spark, String name, Kind kind, Configuration hadoop) {
        return spark.map(session -> CatalogTable.places(session, name, kind.option, hadoop))
                .orElse(List.of());
    }

    private void addOutput(Optional<SparkSession> spark, Configuration hadoop) {
        String path = settings.output().path();
        if (settings.output().format() == OutputFormat.TABLE) {
            tables(spark, path, Kind.OUTPUT, hadoop).forEach(place -> entries.add(new Entry(Kind.OUTPUT, place)));
        } else {
            add(Kind.OUTPUT, Optional.of(path), hadoop);
        }
    }

    /**
     * Compares all places of a run.
     *
     * @throws RefusedException if one is where another may not be, or can't be one
     */
    public static void requireApart(Settings settings, SparkSession spark, Configuration hadoop) {
        Places places = new Places(settings, Optional.of(spark), hadoop);
        List<Entry> entries = places.entries;
        for (int at = 0; at < entries.size(); at++) {
            for (Entry earlier : entries.subList(0, at)) {
                places.requireApart(entries.get(at), earlier);
            }
        }
    }

    /**
     * Whether the report of a refused run may be written: its place is none of the run's other places.
     *
     * @param spark the session whose catalogs know where tables are; empty: tables are not compared
     */
    public static boolean mayHoldReport(Settings settings, Optional<SparkSession> spark, Configuration hadoop) {
        try {
            Places places = new Places(settings, spark, hadoop);
            for (Entry report : places.entries) {
                for (Entry other : places.entries) {
                    if (report.kind == Kind.REPORT) {
                        places.requireApart(report, other);
                    }
                }
            }
            return true;
        } catch (RefusedException e) { // the run was refused for this
            LOG.debug("no report is written: {}", e.getMessage());
            return false;
        }
    }

    private void requireApart(Entry written, Entry other) {
        Relation relation = written.place.to(other.place);
        if (written.kind == other.kind || !written.kind.refused.contains(relation) || isRefusedAnyway(written, other)) {
            return;
        }
        boolean isReplacement = written.kind == Kind.OUTPUT && other.kind == Kind.INPUT && relation == Relation.SAME;
        if (isReplacement && !other.place.isPattern() && keepsInput(settings)) {
            return;
        }
        throw new RefusedException("%s %s: %s %s %s; %s"
                .formatted(
                        written.kind.option,
                        written.place,
                        relation,
                        other.kind.option,
                        other.place,
                        isReplacement
                                ? "only --mode overwrite may replace the input, in a run that keeps all its rows and columns (no input.filter, input.columns, input.options or input.group-by, and bad-rows.rule = fail); choose another --output"
                                : "choose places apart from each other"));
    }

    /** In mode error an output that exists is refused with a better message. What a run reads exists. */
    private boolean isRefusedAnyway(Entry written, Entry other) {
        return written.kind == Kind.OUTPUT
                && !other.kind.isWritten()
                && settings.output().mode() == OutputMode.ERROR
                && written.place.to(other.place) != Relation.IN;
    }

    /** Whether a run to a directory replaces its own input. */
    static boolean replacesInput(Settings settings, Configuration hadoop) {
        if (!keepsInput(settings)) {
            return false;
        }
        Place output = Place.of(settings.output().path(), Kind.OUTPUT.option, hadoop);
        return Place.ofPattern(settings.input().paths().get(0), Kind.INPUT.option, hadoop).stream()
                .allMatch(input -> !input.isPattern() && output.to(input) == Relation.SAME);
    }

    /** Whether every row and column of the input is in the output, so that the output may replace the input. */
    private static boolean keepsInput(Settings settings) {
        Settings.Input input = settings.input();
        Settings.Output output = settings.output();
        boolean isTable = input.format() == InputFormat.TABLE;
        boolean isSameKind = isTable
                ? output.format() == OutputFormat.TABLE && input.paths().get(0).equalsIgnoreCase(output.path())
                : output.format() != OutputFormat.TABLE;
        boolean keepsBadRows = settings.badRows().rule() == BadRowRule.FAIL
                || (settings.badRows().rule() == BadRowRule.NULL
                        && !input.format().hasLooseLines());
        return output.mode() == OutputMode.OVERWRITE
                && isSameKind
                && input.paths().size() == 1
                && !input.events().areRows()
                && input.filter().isEmpty()
                && input.columns().isEmpty()
                && input.options().isEmpty()
                && keepsBadRows;
    }
}
