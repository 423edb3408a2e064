package sluice.job.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.job.message.ExitCode;

/** What a document names exists: settings, files, classes, the targets of its links, exit codes. */
class DocumentedNamesTest {
    private static final Set<String> LANGUAGES = Set.of("sh", "text", "sql", "hocon", "python", "java");
    private static final List<String> SOURCES = List.of("src/main/java", "src/test/java", "src/bench/java");

    /** {@code output.emit}, or {@code output.emit = [topk]}. */
    private static final Pattern SETTING = Pattern.compile(
            "((?:%s)\\.[a-z-]+(?:\\.\\w+)*)(?: ?= ?.*)?".formatted(String.join("|", SettingKeys.sections())));

    /** Names of files that look like keys. */
    private static final Pattern FILE = Pattern.compile(".*\\.(conf|h5|json|keras|md|onnx|pt|safetensors)");

    private static final Pattern PATH = Pattern.compile("((?:cell|conf|job|submit|\\.ci|\\.mvn)/[^ *{}]+).*");
    private static final Pattern CLASS = Pattern.compile("(?:sluice\\.)?(cell|job)\\.((?:[a-z]+\\.)*[A-Z]\\w*)");

    static Stream<Document> documents() {
        return Document.all().stream();
    }

    @Test
    void documentsAreFound() {
        assertThat(documents().map(Document::toString)).contains("README.md", "CONTRIBUTING.md", "conf/README.md");
    }

    @ParameterizedTest
    @MethodSource("documents")
    void whatStandsInBackticksExists(Document document) {
        document.codes().forEach(code -> requireExists(code, document.toString()));
    }

    private static void requireExists(String code, String where) {
        Matcher setting = SETTING.matcher(code);
        if (setting.matches() && !FILE.matcher(code).matches()) {
            SettingKeys.requireKnown(setting.group(1), where);
        }
        Matcher path = PATH.matcher(code);
        if (path.matches() && !path.group(1).contains("/target/")) {
            assertThat(Document.ROOT.resolve(path.group(1)))
                    .as("%s: %s", where, code)
                    .exists();
        }
        Matcher type = CLASS.matcher(code);
        if (type.matches()) {
            String file =
                    "sluice/%s/%s.java".formatted(type.group(1), type.group(2).replace('.', '/'));
            assertThat(SOURCES.stream()
                            .map(source -> Document.ROOT
                                    .resolve(type.group(1))
                                    .resolve(source)
                                    .resolve(file)))
                    .as("%s: class %s", where, code)
                    .anyMatch(Files::exists);
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void eachLinkResolves(Document document) throws IOException {
        for (String link : document.links()) {
            if (!link.matches("[a-z]+:.*")) {
                requireResolves(link, document);
            }
        }
    }

    private static void requireResolves(String link, Document document) throws IOException {
        String[] parts = link.split("#", 2);
        Path target = parts[0].isEmpty() ? document.file() : document.file().resolveSibling(parts[0]);
        assertThat(target).as("%s: link %s", document, link).exists();
        if (parts.length == 2) {
            Path file = Files.isDirectory(target) ? target.resolve("README.md") : target;
            assertThat(Document.read(file).anchors())
                    .as("%s: link %s", document, link)
                    .contains(parts[1]);
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void exitCodesAreTheJobs(Document document) {
        for (Document.Table table : document.tables()) {
            if (table.header().get(0).text().equals("exit code")) {
                Set<Integer> codes = table.rows().stream()
                        .map(row -> Integer.valueOf(row.get(0).text()))
                        .collect(Collectors.toSet());
                assertThat(codes).as(document.at(table.line())).isEqualTo(Arrays.stream(ExitCode.values()).map(ExitCode::code).collect(Collectors.toSet()));
            }
        }
    }

    /** A block that nobody checks has a comment that says why. */
    @ParameterizedTest
    @MethodSource("documents")
    void eachBlockNamesItsLanguageAndItsPrinter(Document document) {
        for (Document.Block block : document.blocks()) {
            assertThat(block.language()).as(document.at(block.line())).isIn(LANGUAGES);
            if (block.language().equals("text")) {
                assertThat(block.comment().orElse(""))
                        .as(document.at(block.line()))
                        .matches("(printed by|not checked): .+");
            }
        }
    }

    @Test
    void whatDoesNotExistIsFound() {
        List.of(
                        "output.emits",
                        "scoring.batch = 3",
                        "conf/scoring.cnf",
                        "job.run.NoSuchClass",
                        "sluice.job.NoSuchClass")
                .forEach(code -> assertThatThrownBy(() -> requireExists(code, "here"))
                        .as(code)
                        .isInstanceOf(AssertionError.class));
        Document document = Document.parse(Document.ROOT.resolve("README.md"), "# One heading, two\n");
        List.of("nowhere.md", "#one-heading", "conf/README.md#nowhere")
                .forEach(link -> assertThatThrownBy(() -> requireResolves(link, document))
                        .as(link)
                        .isInstanceOf(AssertionError.class));
        assertThat(document.anchors()).containsExactly("one-heading-two");
    }
}
