package sluice.cell.online;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program in the README compiles, and prints what stands there. */
class DocumentedExampleTest {
    private static final Path README = Path.of("README.md");
    private static final String HEADING = "## In a service, without Spark\n";
    private static final String MODEL = "../submit/example/reber.safetensors";

    @TempDir
    Path directory;

    private static String block(String language) throws Exception {
        String text = Files.readString(README);
        String section = text.substring(text.indexOf(HEADING));
        Matcher block =
                Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL).matcher(section);
        assertThat(block.find()).as("a block of %s below %s", language, HEADING).isTrue();
        return block.group(1);
    }

    @Test
    void theProgramPrintsWhatIsDocumented() throws Exception {
        Path source = Files.writeString(directory.resolve("Symbols.java"), block("java"));
        ByteArrayOutputStream messages = new ByteArrayOutputStream();
        int failed = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        messages,
                        messages,
                        "-proc:none",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-d",
                        directory.toString(),
                        source.toString());
        assertThat(failed).as(messages.toString(StandardCharsets.UTF_8)).isZero();

        assertThat(run(MODEL)).isEqualTo(block("text").lines().toList());
    }

    private List<String> run(String argument) throws Exception {
        PrintStream console = System.out;
        Locale locale = Locale.getDefault();
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader classes =
                        new URLClassLoader(new URL[] {directory.toUri().toURL()});
                PrintStream capture = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
            System.setOut(capture);
            Locale.setDefault(Locale.ROOT);
            classes.loadClass("Symbols").getMethod("main", String[].class).invoke(null, (Object)
                    new String[] {argument});
        } finally {
            System.setOut(console);
            Locale.setDefault(locale);
        }
        return printed.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
