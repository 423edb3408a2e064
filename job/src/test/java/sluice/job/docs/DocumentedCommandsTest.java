package sluice.job.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import sluice.job.ScoreCommand;

/** Each command of a document is one that its program takes. Nothing is run here: {@link PrintedBlocksTest} does that. */
class DocumentedCommandsTest {
    /** Programs that are not Sluice's: their options are not checked. */
    private static final Set<String> OTHERS = Set.of("curl", "crontab", "git", "kubectl");

    static Stream<Document> documents() {
        return Document.all().stream();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void eachCommandIsTakenByItsProgram(Document document) {
        for (Document.Block block : document.blocks()) {
            switch (block.language()) {
                case "sh" -> Shell.commands(block.lines()).forEach(words -> check(words, document.at(block.line())));
                case "hocon" -> SettingKeys.requireKnown(settings(block), document.at(block.line()));
                default -> {}
            }
        }
    }

    /** The commands of tables of what to run, and of running text. */
    @ParameterizedTest
    @MethodSource("documents")
    void eachCommandOfTheTextIsTakenByItsProgram(Document document) {
        for (String code : document.codes()) {
            if (code.startsWith("submit/") || code.startsWith("mvn ") || code.matches("(cell|job)/(bench|fuzz)\\b.*")) {
                check(Shell.words(code), document + ": " + code);
            }
        }
    }

    /** Environment variables are set to something. */
    private static Config settings(Document.Block block) {
        return ConfigFactory.parseString(String.join("\n", block.lines()).replaceAll("\\$\\{[A-Z_]+}", "set"));
    }

    private static void check(List<String> words, String where) {
        List<String> arguments = words.subList(1, words.size());
        switch (words.get(0)) {
            case "submit/score" -> checkScore(arguments, where);
            case "spark-submit" -> {
                // With --packages there is no jar, and Spark wants this word in its place.
                int jar = Math.max(arguments.indexOf("sluice.jar"), arguments.indexOf("spark-internal"));
                assertThat(jar)
                        .as("%s: sluice.jar or spark-internal among %s", where, arguments)
                        .isPositive();
                checkScore(arguments.subList(jar + 1, arguments.size()), where);
            }
            case "mvn" -> checkMaven(arguments, where);
            default -> {
                if (!OTHERS.contains(words.get(0))) {
                    assertThat(Document.ROOT.resolve(words.get(0)))
                            .as("%s: %s", where, words)
                            .exists();
                }
            }
        }
    }

    private static void checkScore(List<String> options, String where) {
        String[] own = Shell.withoutSparksOptions(options);
        assertThatCode(() -> new CommandLine(ScoreCommand.class)
                        .parseArgs(own)
                        .matchedOptionValue("--set", Map.<String, String>of())
                        .keySet()
                        .forEach(key -> SettingKeys.requireKnown(key, where)))
                .as("%s: %s", where, List.of(own))
                .doesNotThrowAnyException();
    }

    private static void checkMaven(List<String> arguments, String where) {
        for (String argument : arguments) {
            if (argument.startsWith("-Dtest=") || argument.startsWith("-Dit.test=")) {
                for (String name : argument.substring(argument.indexOf('=') + 1).split(",")) {
                    assertThat(name.equals("none") || !testsNamed(name).isEmpty())
                            .as("%s: there is a test %s", where, name)
                            .isTrue();
                }
            }
        }
        int modules = arguments.indexOf("-pl");
        if (modules >= 0) {
            for (String module : arguments.get(modules + 1).split(",")) {
                assertThat(Document.ROOT.resolve(module).resolve("pom.xml"))
                        .as(where)
                        .exists();
            }
        }
    }

    /** Surefire's patterns: a class, with or without its package, in which {@code *} stands for any characters. */
    private static List<Path> testsNamed(String pattern) {
        String path = pattern.replaceAll("#.*", "").replace('.', '/').replace("*", "[^:]*");
        List<Path> found = new ArrayList<>();
        for (String module : List.of("cell", "job")) {
            try (Stream<Path> files = Files.walk(Document.ROOT.resolve(module).resolve("src/test/java"))) {
                files.filter(file -> file.toString().matches(".*/" + path + "\\.java"))
                        .forEach(found::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return found;
    }

    @Test
    void aCommandThatItsProgramWouldRefuseIsFound() {
        List.of(
                        "submit/score --modell m",
                        "submit/score --set output.emitt=topk",
                        "submit/score --master",
                        "mvn -q test -Dtest=NoSuchTest",
                        "mvn -q -pl cells test",
                        "submit/nothing")
                .forEach(command -> assertThatThrownBy(() -> check(Shell.words(command), "here"))
                        .as(command)
                        .isInstanceOf(AssertionError.class));
        assertThat(Shell.commands(
                        List.of("# all of it", "A=b submit/score --master yarn \\", "  --model 'a b' ... | tail")))
                .containsExactly(List.of("submit/score", "--master", "yarn", "--model", "a b"));
    }
}
