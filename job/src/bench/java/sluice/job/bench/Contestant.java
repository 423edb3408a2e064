package sluice.job.bench;

import java.nio.file.Path;

/**
 * A process of one contender: it is asked for a {@code turn} of a workload, scores it once, and answers with what that took; Sluice's is also
 * asked for a {@code forecast}.
 */
public final class Contestant {
    private Contestant() {}

    /** The contender, how many cores, and where the workloads are. */
    public static void main(String[] arguments) {
        Contender contender = Contender.valueOf(arguments[0]);
        int cores = Integer.parseInt(arguments[1]);
        Path root = Path.of(arguments[2]);
        Conversation.serve(line -> {
            String[] words = line.split(" ");
            Job job = Job.of(JobWorkload.valueOf(words[1]), contender, cores, root);
            return switch (words[0]) {
                case "turn" -> Turn.of(contender, cores, job);
                case "forecast" -> {
                    LocalSession.start(cores);
                    yield Contender.forecast(job);
                }
                default -> throw new IllegalArgumentException(line);
            };
        });
    }
}
