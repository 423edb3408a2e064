package sluice.job.bench;

import java.nio.file.Path;
import java.util.List;

/**
 * The task of a contender.
 *
 * @param folder directory of the model and the table, see {@link Preparation}
 * @param output directory of the output
 * @param options further options for Sluice's command line
 */
record Job(RequestedOutput requested, Path folder, Path output, List<String> options) {
    static Job of(JobWorkload workload, Contender contender, int cores, Path root) {
        Path folder = workload.folder(root);
        return new Job(workload.requested(), folder, contender.output(folder, cores), List.of());
    }
}
