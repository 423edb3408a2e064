package sluice.job.docs;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import sluice.job.fixture.LocalSpark;
import sluice.job.fixture.Terminal;

/**
 * Where the commands of the documents run: a directory with the files that they name. They run in this process; relative paths are taken from
 * that directory, and its name is taken out of what they print.
 */
final class Workbench {
    /** Options whose values are paths. */
    private static final Set<String> PATHS = Set.of(
            "--model",
            "--input",
            "--output",
            "--vocabulary",
            "--report",
            "--config",
            "--status",
            "--audit",
            "--describe",
            "--save-model",
            "--incremental");

    private static final Pattern PATH_SETTING = Pattern.compile("([a-z-]+\\.(?:path|vocabulary|checkpoint)=)(?!/)(.+)");

    private final Path directory;
    private final List<Path> files; // before anything has run

    Workbench(Path directory) throws IOException {
        this.directory = directory;
        copy(Document.ROOT.resolve("submit/example"), directory.resolve("submit/example"));
        copy(Path.of("src/test/resources/docs"), directory);
        for (String file : List.of("shop.pt", "sessions.jsonl", "items.txt")) {
            Files.copy(Path.of("src/test/resources/shop", file), directory.resolve(file));
        }
        this.files = walk(directory);
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = to.resolve(from.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
    }

    private static List<Path> walk(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.toList();
        }
    }

    /** Deletes what has been written here: no command depends on the commands of other blocks. */
    private void clean() throws IOException {
        List<Path> written = new ArrayList<>(walk(directory));
        written.removeAll(files);
        written.sort(Comparator.reverseOrder());
        for (Path file : written) {
            Files.delete(file);
        }
    }

    Path resolve(String file) {
        return directory.resolve(file);
    }

    /** What a command prints, and its exit code; of several with {@code &&} between them, the last one. */
    Terminal run(String command) throws Exception {
        clean();
        Terminal last = null;
        for (String part : command.split(" && ")) {
            last = runOne(part);
        }
        return last;
    }

    private Terminal runOne(String command) throws Exception {
        List<String> words = Shell.words(command);
        List<String> options = words.subList(1, words.size());
        Terminal terminal = words.get(0).equals("submit/score") ? score(options) : example(words.get(0), options);
        return new Terminal(terminal.code(), withoutDirectory(terminal.output()), withoutDirectory(terminal.errors()));
    }

    private Terminal score(List<String> options) {
        LocalSpark.session(); // a run takes the session that there is
        List<String> resolved = new ArrayList<>();
        for (int at = 0; at < options.size(); at++) {
            String option = options.get(at);
            boolean isPath = at > 0 && PATHS.contains(options.get(at - 1));
            Matcher setting = PATH_SETTING.matcher(option);
            if (isPath && !option.startsWith("/")) {
                resolved.add(inDirectory(option));
            } else if (setting.matches()) {
                resolved.add(setting.group(1) + inDirectory(setting.group(2)));
            } else {
                resolved.add(option);
            }
        }
        return Terminal.score(resolved.toArray(String[]::new));
    }

    private String inDirectory(String path) {
        return directory + "/" + path;
    }

    private List<String> withoutDirectory(List<String> lines) {
        return lines.stream()
                .map(line -> line.replace("file:" + directory + "/", "").replace(directory + "/", ""))
                .toList();
    }

    /** An example: it scores by its settings, and a program of one file reads the table. */
    private Terminal example(String script, List<String> options) throws Exception {
        Matcher call = Pattern.compile("score_and_read (\\S+) (\\w+)\\.java")
                .matcher(Files.readString(Document.ROOT.resolve(script)));
        if (!call.find()) {
            throw new IllegalStateException(script + ": no line 'score_and_read SETTINGS PROGRAM'");
        }
        String scores = script + "-scores";
        List<String> arguments = new ArrayList<>(List.of("--config", "submit/example/" + call.group(1)));
        arguments.addAll(
                List.of("--model", "submit/example/reber.safetensors", "--input", "submit/example/strings.jsonl"));
        arguments.addAll(List.of("--output", scores, "--mode", "overwrite"));
        arguments.addAll(options);
        Terminal scored = score(arguments);
        List<String> output = new ArrayList<>(scored.output());
        output.addAll(runProgram(call.group(2), scores));
        return new Terminal(scored.code(), output, scored.errors());
    }

    private List<String> runProgram(String name, String table) throws Exception {
        Path classes = Files.createDirectories(directory.resolve("classes"));
        int failed = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-d",
                        classes.toString(),
                        "-proc:none",
                        inDirectory("submit/example/" + name + ".java"));
        if (failed != 0) {
            throw new IllegalStateException("submit/example/%s.java does not compile".formatted(name));
        }
        LocalSpark.session();
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try (URLClassLoader loader = new URLClassLoader(
                new URL[] {classes.toUri().toURL()}, getClass().getClassLoader())) {
            loader.loadClass(name).getMethod("main", String[].class).invoke(null, (Object)
                    new String[] {inDirectory(table)});
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
