package sluice.job.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The SHA-256 of all settings that may change answers or their form: runs that have it in common, and the model's too, give a row the
 * same answer.
 *
 * <p>Left out is where things lie ({@code model.path}, whose SHA-256 stands beside this one, {@code input.path},
 * {@code input.checkpoint}, {@code output.path}, {@code bad-rows.path}), what becomes of them there ({@code output.mode},
 * {@code output.options}, {@code output.table-provider}, {@code output.file-rows}, {@code output.file-bytes}), in which tasks and which
 * order rows are scored ({@code scoring.task-seconds}, {@code scoring.cluster-prefixes}), what names a row in messages
 * ({@code input.key}), where states lie and how many of them ({@code state.path}, {@code state.keep}), how much memory may be used
 * ({@code scoring.batch-bytes}, {@code scoring.look-up-bytes}), how many bad rows are too many ({@code bad-rows.max-fraction}), and
 * {@code report.*}. All others count, one line each as {@code key = value} in the order of keys; a vocabulary counts by its path. Two ways
 * to say one thing ({@code auto}, and what it comes to) are two hashes.
 */
public final class SettingsHash {
    private static final List<String> LEFT_OUT = List.of(
            "model.path",
            "input.path",
            "input.key",
            "input.checkpoint",
            "state.path",
            "state.keep",
            "scoring.batch-bytes",
            "scoring.look-up-bytes",
            "scoring.task-seconds",
            "scoring.cluster-prefixes",
            "output.path",
            "output.mode",
            "output.options",
            "output.file-rows",
            "output.file-bytes",
            "output.table-provider",
            "bad-rows.max-fraction",
            "bad-rows.path",
            "report");

    private SettingsHash() {}

    /** @param merged the command line over the file over the defaults */
    static String of(Config merged) {
        String text = merged.entrySet().stream()
                .filter(setting -> counts(setting.getKey()))
                .map(setting -> "%s = %s\n".formatted(setting.getKey(), text(setting.getValue())))
                .sorted()
                .collect(Collectors.joining());
        return sha256(text);
    }

    /** Of a text in UTF-8, in hexadecimal. */
    public static String sha256(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    /** As a command line says it: so is a number the same with quotes and without, and a list the same with commas. */
    private static String text(ConfigValue value) {
        return value.unwrapped() instanceof List<?> list
                ? list.stream().map(String::valueOf).collect(Collectors.joining(","))
                : String.valueOf(value.unwrapped());
    }

    private static boolean counts(String key) {
        return LEFT_OUT.stream().noneMatch(out -> key.equals(out) || key.startsWith(out + "."));
    }
}
