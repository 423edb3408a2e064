package sluice.job.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Sessions of a log, over and over: events from 0. Each comes again after all others have come, which is what a larger log of the same
 * system looks like; neighbours in a file are none in the table.
 */
final class LogSessions implements SequenceSource {
    private static final long serialVersionUID = 1L;
    private static final long STRIDE = 7_919; // prime, and no divisor of any number of sessions here

    // HDFS's, of which there are 21,691: 4,962 different ones, 17.5 events on average.
    private static final int SESSIONS = 21_691;
    private static final int DIFFERENT = 4_962;
    private static final long SEED = 20_001;

    private final int[][] sessions;

    private LogSessions(List<int[]> sessions) {
        this.sessions = sessions.toArray(int[][]::new);
    }

    /** Of files with a session a line: events from 1 on, separated by blanks. */
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

    /** Made up, of about the same lengths and as many duplicates as those of HDFS: most events have one that mostly follows. */
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
        while (sessions.size() < SESSIONS) { // few sessions are most of the log
            sessions.add(different.get((int) (DIFFERENT * Math.pow(random.nextDouble(), 6))));
        }
        return new LogSessions(sessions);
    }

    @Override
    public int[] of(long row) {
        return sessions[(int) (row % sessions.length * STRIDE % sessions.length)];
    }
}
