package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code submit/score} does before there is a virtual machine: which one it takes, and what it hands to it. */
@Tag("launch")
class LauncherIT {
    private static final String PRINT_ARGUMENTS = "printf '%s\\n' \"$@\"";

    @TempDir
    private Path temporary;

    private Path directory;

    @BeforeEach
    void makeADirectoryWithASpaceInItsName() throws IOException {
        directory = Files.createDirectory(temporary.resolve("a directory"));
    }

    /** Before JUnit deletes the directory: it warns of each link that leads out of there. */
    @AfterEach
    void deleteLinks() throws IOException {
        try (Stream<Path> files = Files.walk(temporary)) {
            for (Path link : files.filter(Files::isSymbolicLink).toList()) {
                Files.delete(link);
            }
        }
    }

    private Launch.Ended launch(Map<String, String> environment, String... options) {
        return launch(Checkout.launcher(), environment, options);
    }

    private Launch.Ended launch(Path launcher, Map<String, String> environment, String... options) {
        List<String> command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(Arrays.asList(options));
        return Launch.start(directory, command, environment).end();
    }

    /** A program of a name below a home of its own. */
    private Path home(String name, String script) throws IOException {
        Path home = Files.createDirectory(directory.resolve(name + " home"));
        Path program = Files.createDirectory(home.resolve("bin")).resolve(name);
        Files.writeString(program, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return home;
    }

    @Test
    void helpIsPrintedFromAnywhereAndThroughASymbolicLink() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("score"), Checkout.launcher());
        Launch.Ended help = launch(link, Map.of(), "--help");
        assertThat(help.exitCode()).as(help.toString()).isZero();
        assertThat(help.out()).startsWith("Usage: submit/score").contains("--model", "conf/scoring.conf", "Exit codes");
        assertThat(help.err()).isEmpty();
    }

    @Test
    void aSparkInstallationGetsAnOrdinarySparkSubmit() throws IOException {
        Path spark = home("spark-submit", PRINT_ARGUMENTS);
        Launch.Ended submitted = launch(
                Map.of("SPARK_HOME", spark.toString()),
                "--master=yarn",
                "--model",
                "a model",
                "--conf",
                "spark.a=b=c",
                "--driver-memory",
                "2g",
                "--set",
                "input.key=",
                "--queue",
                "night");
        assertThat(submitted.exitCode()).as(submitted.toString()).isZero();
        assertThat(submitted.out().lines())
                .containsExactly(
                        "--conf",
                        "spark.master=yarn",
                        "--conf",
                        "spark.a=b=c",
                        "--conf",
                        "spark.driver.memory=2g",
                        "--queue",
                        "night",
                        "--class",
                        "sluice.job.Main",
                        Checkout.jar().toString(),
                        "--model",
                        "a model",
                        "--set",
                        "input.key=");
    }

    /** cron and containers often set no locale. Java would take that for ASCII. */
    @Test
    void aLocaleThatIsNoneBecomesOneOfUtf8() throws IOException {
        Path spark = home("spark-submit", "locale charmap; printf '%s\\n' \"$LC_ALL\"");
        for (String none : List.of("", "C", "POSIX", "xx_XX.UTF-8")) {
            assertThat(launch(Map.of("SPARK_HOME", spark.toString(), "LC_ALL", none, "LC_CTYPE", "", "LANG", ""))
                            .out())
                    .as(none)
                    .startsWith("UTF-8\n");
        }
        String installed = launch(Map.of("SPARK_HOME", spark.toString(), "LC_ALL", "C"))
                .out()
                .lines()
                .toList()
                .get(1);
        assertThat(launch(Map.of("SPARK_HOME", spark.toString(), "LC_ALL", "", "LANG", installed))
                        .out())
                .as("a locale of the user")
                .isEqualTo("UTF-8\n\n");
    }

    @Test
    void aDirectoryForTemporaryFilesReachesSpark() throws IOException {
        Path spark = home("spark-submit", "printf '%s\\n' \"$SPARK_SUBMIT_OPTS\"");
        assertThat(launch(Map.of(
                                "SPARK_HOME",
                                spark.toString(),
                                "TMPDIR",
                                directory.toString(),
                                "SPARK_SUBMIT_OPTS",
                                "-Da=1"))
                        .out())
                .isEqualTo("-Da=1 \"-Djava.io.tmpdir=%s\"\n".formatted(directory));
        launch(Map.of("SPARK_HOME", spark.toString(), "TMPDIR", directory + "/none"))
                .assertFailed(2, "a directory/none is not a directory that can be written", "set TMPDIR");
    }

    @Test
    void itsExitCodeIsHandedOn() throws IOException {
        Path spark = home("spark-submit", "exit 7");
        assertThat(launch(Map.of("SPARK_HOME", spark.toString()), "--model", "m")
                        .exitCode())
                .isEqualTo(7);
    }

    @Test
    void aSparkInstallationThatIsNoneOrTooOldIsRefused() throws IOException {
        launch(Map.of("SPARK_HOME", "/nowhere"), "--model", "m")
                .assertFailed(2, "SPARK_HOME is /nowhere", "bin/spark-submit");
        Path spark = home("spark-submit", PRINT_ARGUMENTS);
        Files.writeString(spark.resolve("RELEASE"), "Spark 3.5.6 (git revision 303c18c) built for Hadoop 3.3.4\n");
        launch(Map.of("SPARK_HOME", spark.toString()), "--model", "m").assertFailed(2, "Spark 3.5.6", "Spark 4");
    }

    @Test
    void theVirtualMachineGetsItsMemoryAndFlagsFromSparksSettings() throws IOException {
        Path java = home(
                "java",
                "case $1 in -version) echo 'openjdk version \"17.0.15\"' >&2 ;; *) " + PRINT_ARGUMENTS + " ;; esac");
        Path properties = directory.resolve("my.conf");
        Files.writeString(properties, "# mine\nspark.driver.memory   3g\nspark.driver.extraJavaOptions=-Da=1 -Db=2\n");
        Map<String, String> environment = Map.of("JAVA_HOME", java.toString());
        assertThat(launch(environment, "--properties-file", properties.toString())
                        .out()
                        .lines())
                .contains("-Xmx3g", "-Da=1", "-Db=2", "--add-modules=jdk.incubator.vector");
        assertThat(launch(environment, "--properties-file", properties.toString(), "--driver-memory", "5g")
                        .out()
                        .lines())
                .contains("-Xmx5g")
                .doesNotContain("-Xmx3g");
    }

    @Test
    void aModelIsLookedAtWithoutSparksLauncherUnlessThatFetchesMore() throws IOException {
        Path java = home(
                "java",
                "case $1 in -version) echo 'openjdk version \"17.0.15\"' >&2 ;; *) " + PRINT_ARGUMENTS + " ;; esac");
        Map<String, String> environment = Map.of("JAVA_HOME", java.toString());
        for (String option : List.of("--describe", "--save-model=out file")) {
            assertThat(launch(environment, option, "m", "--conf", "spark.hadoop.fs.x=a b", "--driver-memory=1g")
                            .out()
                            .lines())
                    .contains("-Dspark.hadoop.fs.x=a b", "-Xmx1g", "sluice.job.Main", option, "m")
                    .doesNotContain("org.apache.spark.deploy.SparkSubmit", "--conf");
            assertThat(launch(environment, option, "m", "--packages", "a:b:1")
                            .out()
                            .lines())
                    .contains("org.apache.spark.deploy.SparkSubmit", "--packages", option, "m");
        }
    }

    @Test
    void aJavaThatIsMissingOrTooOldIsRefused() throws IOException {
        launch(Map.of("JAVA_HOME", "/nowhere"), "--model", "m").assertFailed(2, "JAVA_HOME is /nowhere", "17");
        launch(Map.of("JAVA_HOME", "", "PATH", pathWithout("java")), "--model", "m")
                .assertFailed(2, "no java on the PATH", "17");
        Path eight = home("java", "echo 'openjdk version \"1.8.0_402\"' >&2");
        launch(Map.of("JAVA_HOME", eight.toString()), "--model", "m").assertFailed(2, "is Java 8", "17");
    }

    /** A directory of links to all that the launcher calls, but one. */
    private String pathWithout(String program) throws IOException {
        Path programs = Files.createDirectory(directory.resolve("programs without " + program));
        for (String name :
                List.of("bash", "env", "readlink", "dirname", "find", "sed", "tail", "mktemp", "touch", "rm")) {
            Path original = Arrays.stream(System.getenv("PATH").split(":", -1))
                    .map(place -> Path.of(place, name))
                    .filter(Files::isExecutable)
                    .findFirst()
                    .orElseThrow();
            Files.createSymbolicLink(programs.resolve(name), original);
        }
        return programs.toString();
    }

    @Test
    void aJarThatIsMissingIsNamed() {
        launch(Map.of("SLUICE_JAR", "/nowhere/sluice.jar"), "--model", "m")
                .assertFailed(2, "SLUICE_JAR is /nowhere/sluice.jar");
    }

    @Test
    void anOptionWithoutItsValueIsRefused() {
        launch(Map.of(), "--model", "m", "--master").assertFailed(2, "--master needs a value");
    }
}
