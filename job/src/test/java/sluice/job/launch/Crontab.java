package sluice.job.launch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A crontab, read as cron reads it.
 *
 * @param environment the variables that it sets
 * @param jobs its lines
 */
public record Crontab(Map<String, String> environment, List<Job> jobs) {
    private static final Pattern VARIABLE = Pattern.compile("([A-Za-z_]\\w*)\\s*=\\s*(.*)");
    private static final Pattern JOB = Pattern.compile("(\\S+)\\s+(\\S+)\\s+(\\S+)\\s+(\\S+)\\s+(\\S+)\\s+(\\S.*)");
    private static final int[][] RANGES = {{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}};

    /**
     * One line.
     *
     * @param times minute, hour, day of the month, month, day of the week
     * @param command as the shell gets it
     */
    public record Job(List<String> times, String command) {}

    public static Crontab read(Path file) throws IOException {
        Map<String, String> environment = new LinkedHashMap<>();
        List<Job> jobs = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            Matcher variable = VARIABLE.matcher(line);
            Matcher job = JOB.matcher(line);
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            } else if (variable.matches()) {
                environment.put(variable.group(1), variable.group(2));
            } else if (job.matches()) {
                jobs.add(job(job, line));
            } else {
                throw new AssertionError("cron would refuse the line: " + line);
            }
        }
        return new Crontab(environment, jobs);
    }

    private static Job job(Matcher matcher, String line) {
        List<String> times = new ArrayList<>();
        for (int at = 0; at < RANGES.length; at++) {
            String field = matcher.group(at + 1);
            requireTime(field, RANGES[at], line);
            times.add(field);
        }
        return new Job(times, command(matcher.group(RANGES.length + 1), line));
    }

    /** Numbers, ranges, steps and lists of them, or a star. */
    private static void requireTime(String field, int[] range, String line) {
        for (String part : field.split(",", -1)) {
            Matcher matcher =
                    Pattern.compile("(\\*|(\\d+)(?:-(\\d+))?)(?:/([1-9]\\d*))?").matcher(part);
            if (!matcher.matches()) {
                throw new AssertionError("'%s' is no time of cron's: %s".formatted(part, line));
            }
            for (int group = 2; group <= 3; group++) {
                if (matcher.group(group) != null) {
                    int value = Integer.parseInt(matcher.group(group));
                    if (value < range[0] || value > range[1]) {
                        throw new AssertionError(String.format(
                                Locale.ROOT, "%d is outside [%d, %d]: %s", value, range[0], range[1], line));
                    }
                }
            }
        }
    }

    /** A percent sign ends a command, unless a backslash stands before it, which cron takes away. */
    private static String command(String text, String line) {
        if (text.matches(".*(?<!\\\\)%.*")) {
            throw new AssertionError("the command ends at a %: " + line);
        }
        return text.replace("\\%", "%");
    }
}
