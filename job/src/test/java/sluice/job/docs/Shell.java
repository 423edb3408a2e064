package sluice.job.docs;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.spark.util.Utils;
import scala.jdk.javaapi.CollectionConverters;
import sluice.job.fixture.SparkOptions;

/** Command lines as a document shows them, split into words. */
final class Shell {
    /** Stands in a document for options that are left out. */
    private static final String MORE = "...";

    private static final Pattern ASSIGNMENT = Pattern.compile("[A-Z_]+=.*");

    private Shell() {}

    /** The commands of a block: variables that are set before them, comments, and what a pipe leads to are left out. */
    static List<List<String>> commands(List<String> lines) {
        List<List<String>> commands = new ArrayList<>();
        StringBuilder command = new StringBuilder();
        for (String line : lines) {
            if (line.endsWith("\\")) {
                command.append(line, 0, line.length() - 1);
                continue;
            }
            command.append(line);
            List<String> words = words(command.toString());
            if (!words.isEmpty() && !words.get(0).startsWith("#")) {
                commands.add(words);
            }
            command.setLength(0);
        }
        return commands;
    }

    /** The words of a command without variables before it and without {@code ...}. */
    static List<String> words(String command) {
        String alone = command.strip();
        if (alone.matches("[A-Z_]+=\\$\\(.*\\)")) {
            return List.of();
        }
        List<String> words = new ArrayList<>(CollectionConverters.asJava(Utils.splitCommandString(alone)));
        while (!words.isEmpty() && ASSIGNMENT.matcher(words.get(0)).matches()) {
            words.remove(0);
        }
        int pipe = words.indexOf("|");
        List<String> first = new ArrayList<>(pipe < 0 ? words : words.subList(0, pipe));
        first.removeIf(MORE::equals);
        return first;
    }

    /** The options that are Sluice's own: {@code submit/score} passes those of spark-submit on. */
    static String[] withoutSparksOptions(List<String> options) {
        List<String> sparks = SparkOptions.withValue();
        List<String> own = new ArrayList<>();
        for (int at = 0; at < options.size(); at++) {
            String option = options.get(at);
            if (sparks.contains(option)) {
                at++; // and its value
                if (at == options.size()) {
                    throw new AssertionError(option + " needs a value");
                }
            } else if (SparkOptions.withoutValue().contains(option)) {
                continue;
            } else if (option.indexOf('=') < 0 || !sparks.contains(option.substring(0, option.indexOf('=')))) {
                own.add(option);
            }
        }
        return own.toArray(String[]::new);
    }
}
