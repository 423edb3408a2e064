package sluice.job.audit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import sluice.job.fingerprint.FileFooter;
import sluice.job.fingerprint.Fingerprint;
import sluice.job.fingerprint.HashedColumns;
import sluice.job.message.HumanText;
import sluice.job.report.WrittenRun;
import sluice.job.settings.OutputMode;

/**
 * Compares the rows of a table with what its runs wrote.
 *
 * <p>The rows of all files together have the sum of all reports' fingerprints, unless a later run replaced partitions or deleted reports.
 * The rows of a Parquet file have the fingerprint in its footer, and the footers of a run's files together have that in its report, unless
 * a later run replaced partitions. So a fault is found in a file, or it is a file that is missing or too many.
 */
final class FingerprintCheck {
    private final AuditedTable table;
    private final List<WrittenRun> runs; // the oldest first
    private final Map<String, FileFooter> footers;
    private final RowTotals totals = RowTotals.none();
    private final List<String> faults = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final Set<String> faultyFiles = new TreeSet<>();

    private FingerprintCheck(AuditedTable table, List<WrittenRun> runs, Map<String, FileFooter> footers) {
        this.table = table;
        this.runs = runs;
        this.footers = footers;
    }

    /** @param runs that wrote the table, the oldest first; at least one */
    static FingerprintCheck of(AuditedTable table, List<WrittenRun> runs, Configuration hadoop) {
        FingerprintCheck check = new FingerprintCheck(table, runs, FileFooters.read(table, hadoop));
        check.read();
        check.compareFiles();
        check.compareRuns();
        return check;
    }

    private WrittenRun newest() {
        return runs.get(runs.size() - 1);
    }

    /** Sums the rows of all files; files with the same columns are read together. */
    private void read() {
        Map<String, List<String>> byColumns = new LinkedHashMap<>();
        for (String file : table.files()) {
            FileFooter footer = footers.get(file);
            String columns = footer == null ? newest().fingerprint().columns() : footer.columns();
            byColumns.computeIfAbsent(columns, ddl -> new ArrayList<>()).add(file);
        }
        byColumns.forEach((ddl, files) -> {
            HashedColumns columns = HashedColumns.of(ddl);
            if (columns.areIn(table.rows(files, columns).schema())) {
                totals.addAll(RowTotals.of(table, files, columns));
            } else {
                fault(
                        files,
                        "%s: has not the columns that its run wrote: %s"
                                .formatted(table.shortName(files.get(0)), String.join(", ", columns.names())));
            }
        });
    }

    private void fault(List<String> files, String sentence) {
        faults.add(sentence);
        faultyFiles.addAll(files);
    }

    private void compareFiles() {
        for (Map.Entry<String, FileFooter> entry : footers.entrySet()) {
            String file = entry.getKey();
            FileFooter footer = entry.getValue();
            Fingerprint found = totals.of(file);
            if (!footer.partition().equals(table.partition(file))) {
                fault(
                        List.of(file),
                        "%s: is in the partition '%s', and was written into '%s'"
                                .formatted(table.shortName(file), table.partition(file), footer.partition()));
            } else if (!footer.sum().equals(found)) {
                fault(List.of(file), table.shortName(file) + ": " + difference(found, footer.sum(), "its footer has"));
            }
        }
    }

    private static String difference(Fingerprint found, Fingerprint stated, String where) {
        return found.rows() == stated.rows()
                ? String.format(
                        Locale.ROOT,
                        "the fingerprint of its %s is %s, and %s %s",
                        HumanText.count(found.rows(), "row"),
                        found,
                        where,
                        stated)
                : String.format(
                        Locale.ROOT,
                        "it has %s, and %s %,d",
                        HumanText.count(found.rows(), "row"),
                        where,
                        stated.rows());
    }

    private void compareRuns() {
        Fingerprint stated =
                runs.stream().map(run -> run.fingerprint().sum()).reduce(Fingerprint.NONE, Fingerprint::plus);
        if (total().equals(stated)) {
            return;
        }
        if (footers.isEmpty()) {
            compareWhole(stated);
            return;
        }
        for (WrittenRun run : runs) {
            compareRun(run);
        }
        compareOthers();
    }

    /** Without footers nothing says which run wrote a row. */
    private void compareWhole(Fingerprint stated) {
        boolean isUnknown =
                runs.stream().skip(1).anyMatch(run -> run.mode() == OutputMode.PARTITIONS || run.forgetsRuns());
        if (isUnknown || newest().forgetsRuns()) {
            notes.add(
                    "the fingerprint can't be checked: a run replaced partitions of another, or deleted its report (report.keep-runs), and these files do not state which run wrote them");
            return;
        }
        String where = runs.size() == 1 ? "the report has" : "the reports together have";
        fault(table.files(), table.name() + ": " + difference(total(), stated, where));
    }

    private void compareRun(WrittenRun run) {
        Fingerprint found = filesOf(run).stream().map(this::stated).reduce(Fingerprint.NONE, Fingerprint::plus);
        Fingerprint stated = run.fingerprint().sum();
        if (found.equals(stated)) {
            return;
        }
        boolean isReplaced = runs.subList(runs.indexOf(run) + 1, runs.size()).stream()
                .anyMatch(later -> later.mode() == OutputMode.PARTITIONS);
        if (isReplaced && found.rows() < stated.rows()) {
            notes.add(String.format(
                    Locale.ROOT,
                    "the run '%s' wrote %s, and later runs replaced the partitions of %,d of them",
                    run.name(),
                    HumanText.count(stated.rows(), "row"),
                    stated.rows() - found.rows()));
            return;
        }
        fault(List.of(), "run '%s': %s".formatted(run.name(), difference(found, stated, "its report has")));
    }

    /** What the footer states, which is compared with the rows by itself; without a footer, the rows. */
    private Fingerprint stated(String file) {
        FileFooter footer = footers.get(file);
        return footer == null ? totals.of(file) : footer.sum();
    }

    /** Files that no report accounts for. */
    private void compareOthers() {
        long forgotten = 0;
        for (String file : table.files()) {
            FileFooter footer = footers.get(file);
            boolean isKnown = footer != null
                    && runs.stream().anyMatch(run -> run.fingerprint().id().equals(footer.id()));
            if (footer != null && !isKnown && newest().forgetsRuns()) {
                forgotten++;
            } else if (!isKnown) {
                fault(
                        List.of(file),
                        "%s: no run of this output wrote it%s"
                                .formatted(
                                        table.shortName(file),
                                        footer == null ? ", or another program rewrote it" : ""));
            }
        }
        if (forgotten > 0) {
            notes.add(
                    "the reports of the runs that wrote %s are deleted (report.keep-runs): they have the rows that their footers state"
                            .formatted(HumanText.count(forgotten, "file")));
        }
    }

    /** The files that a run wrote. Files without a footer count for the only run, if there is one. */
    List<String> filesOf(WrittenRun run) {
        return table.files().stream()
                .filter(file -> {
                    FileFooter footer = footers.get(file);
                    return footer == null
                            ? runs.size() == 1
                            : footer.id().equals(run.fingerprint().id());
                })
                .toList();
    }

    /** Files without a footer that says which of several runs wrote them. */
    List<String> filesOfNone() {
        return table.files().stream()
                .filter(file -> runs.size() > 1 && !footers.containsKey(file))
                .toList();
    }

    /** Whether the files of each run are known: from their footers, or because there is one run. */
    boolean knowsRuns() {
        return runs.size() == 1 || !footers.isEmpty();
    }

    Fingerprint total() {
        return totals.of(table.files());
    }

    RowTotals totals() {
        return totals;
    }

    /** What differs, a sentence each; empty if nothing does. */
    List<String> faults() {
        return faults;
    }

    List<String> notes() {
        return notes;
    }

    /** The files in which a row may differ. */
    Set<String> faultyFiles() {
        return faultyFiles;
    }
}
