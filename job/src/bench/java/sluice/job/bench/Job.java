package sluice.job.bench;

import java.nio.file.Path;
import java.util.List;

/**
 * What a contender is to do.
 *
 * @param folder of what is scored, see {@link Preparation}
 * @param output where the answers go
 * @param options that Sluice's command line has besides
 */
record Job(Asked asked, Path folder, Path output, List<String> options) {
    static Job of(JobWorkload workload, Contender contender, int cores, Path root) {
        Path folder = workload.folder(root);
        return new Job(workload.asked(), folder, contender.output(folder, cores), List.of());
    }
}
