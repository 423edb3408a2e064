package sluice.job.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Sessions of a log, repeated; events are numbered from 0. Each session recurs after all others, as in a larger log of the same system.
 * Neighbours in the file are not neighbours in the table.
 */
final class LogSessions implements SequenceSource {
    private static final long serialVersionUID = 1L;
    private static final long STRIDE = 7_919; // a prime that divides none of the numbers of sessions

    // As in HDFS: 21,691 sessions, 4,962 of them distinct, 17.5 events on average.
    private static final int SESSIONS = 21_691;
    private static final int DIFFERENT = 4_962;
    private static final long SEED = 20_001;

    private final int[][] sessions;

    private LogSessions(List<int[]> sessions) {
        this.sessions = sessions.toArray(int[][]::new);
    }

    /** Reads files with one session per line: events from 1 on, separated by blanks. */
    static LogSessions ofFiles(Path... files) throws IOException {
        List<int[]> sessions = new ArrayList<>();
        for (Path file : files) {
            try (var lines = Files.lines(file)) {
                lines.filter(line -> !line.isBlank())
                        .map(line -> Arrays.stream(line.trim().split("\\s+"))
                                .mapToInt(event -> Integer.parseInt(event) - 1)
                                .toArray())
                        .forEach(sessions::add);
            }
        }
        return new LogSessions(sessions);
    }

    /** Generates sessions with about the lengths and duplicates of HDFS: most events have a most frequent successor. */
    static LogSessions generated(int events) {
        SplittableRandom random = new SplittableRandom(SEED);
        int[][] followers = new int[events][];
        Arrays.setAll(followers, event -> random.ints(3, 0, events).toArray());
        List<int[]> different = new ArrayList<>();
        for (int session = 0; session < DIFFERENT; session++) {
            int[] sequence = new int[(int) Math.max(1, Math.round(Math.exp(2.7 + 0.5 * random.nextGaussian())))];
            int event = random.nextInt(3);
            for (int step = 0; step < sequence.length; step++) {
                sequence[step] = event;
                double luck = random.nextDouble();
                event = followers[event][luck < 0.85 ? 0 : luck < 0.97 ? 1 : 2];
            }
            different.add(sequence);
        }
        List<int[]> sessions = new ArrayList<>(different);
        while (sessions.size() < SESSIONS) { // a few sessions make up most of the log
            sessions.add(different.get((int) (DIFFERENT * Math.pow(random.nextDouble(), 6))));
        }
        return new LogSessions(sessions);
    }

    @Override
    public int[] of(long row) {
        return sessions[(int) (row % sessions.length * STRIDE % sessions.length)];
    }
}
