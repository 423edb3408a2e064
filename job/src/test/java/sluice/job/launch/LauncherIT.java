package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.SparkOptions;

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

    @ParameterizedTest
    @ValueSource(strings = {" ", "="})
    void everyOptionOfSparkSubmitIsPassedOn(String separator) throws IOException {
        Path spark = home("spark-submit", PRINT_ARGUMENTS);
        List<String> options = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (String option : SparkOptions.withValue()) {
            String value = "spark.a=value of " + option; // --conf needs a key
            boolean isShort = !option.startsWith("--"); // and has no form with =
            options.addAll(separator.equals("=") && !isShort ? List.of(option + "=" + value) : List.of(option, value));
            expected.add(value);
        }
        options.addAll(SparkOptions.withoutValue());
        expected.addAll(SparkOptions.withoutValue());
        assertThat(expected).hasSizeGreaterThan(30);
        options.addAll(List.of("--model", "m"));
        List<String> arguments = submitted(Map.of("SPARK_HOME", spark.toString()), options.toArray(String[]::new));
        int jar = arguments.indexOf(Checkout.jar().toString());
        assertThat(arguments.subList(jar + 1, arguments.size())).containsExactly("--model", "m");
        assertThat(arguments.subList(jar - 2, jar)).containsExactly("--class", "sluice.job.Main");
        assertThat(arguments.subList(0, jar - 2).stream()
                        // Some options become a --conf.
                        .map(argument -> argument.replaceFirst("^spark\\.[A-Za-z.]+=(?=spark\\.a=)", "")))
                .containsAll(expected);
    }

    @Test
    void aDriverOnYarnIsTriedOnceUnlessTheUserSaysOtherwise() throws IOException {
        Path spark = home("spark-submit", PRINT_ARGUMENTS);
        Map<String, String> environment = Map.of("SPARK_HOME", spark.toString());
        String[] onYarn = {"--master", "yarn", "--deploy-mode", "cluster"};
        assertThat(submitted(environment, onYarn)).contains("spark.yarn.maxAppAttempts=1");
        assertThat(submitted(environment, "--master", "yarn")).noneMatch(argument -> argument.contains("Attempts"));
        assertThat(submitted(environment, "--master", "k8s://https://host", "--deploy-mode", "cluster"))
                .noneMatch(argument -> argument.contains("Attempts"));
        assertThat(submitted(
                        environment,
                        "--conf",
                        "spark.yarn.maxAppAttempts=3",
                        "--master",
                        "yarn",
                        "--deploy-mode",
                        "cluster"))
                .contains("spark.yarn.maxAppAttempts=3")
                .doesNotContain("spark.yarn.maxAppAttempts=1");

        Path defaults = Files.createDirectory(spark.resolve("conf")).resolve("spark-defaults.conf");
        Files.writeString(defaults, "spark.master yarn\nspark.submit.deployMode cluster\n");
        assertThat(submitted(environment)).contains("spark.yarn.maxAppAttempts=1");
        Files.writeString(defaults, "spark.yarn.maxAppAttempts  4\n");
        assertThat(submitted(environment, onYarn)).noneMatch(argument -> argument.contains("Attempts"));
        Path properties = Files.writeString(directory.resolve("my.conf"), "spark.master=yarn\n");
        String[] withFile = {"--deploy-mode", "cluster", "--properties-file", properties.toString()};
        assertThat(submitted(environment, withFile))
                .as("Spark doesn't read its own file then")
                .contains("spark.yarn.maxAppAttempts=1");
        List<String> withBoth = new ArrayList<>(List.of(withFile));
        withBoth.add("--load-spark-defaults");
        assertThat(submitted(environment, withBoth.toArray(String[]::new)))
                .contains("--load-spark-defaults")
                .noneMatch(argument -> argument.contains("Attempts"));
    }

    private List<String> submitted(Map<String, String> environment, String... options) {
        return launch(environment, options).out().lines().toList();
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
    void theArchiveOfClassesIsUsedWhereJavaWouldMapIt() throws IOException {
        Path java = home(
                "java",
                "case $1 in -version) printf '%s\\n' 'openjdk version \"17.0.15\"' '(build 17.0.15+6, sharing)' >&2 ;; *) "
                        + PRINT_ARGUMENTS + " ;; esac");
        Path jar = Files.copy(Checkout.jar(), directory.resolve("scoring.jar"));
        String paths = Launch.start(
                        directory,
                        List.of("cksum", Checkout.target("spark.classpath").toString()),
                        Map.of())
                .end()
                .out()
                .split(" ", -1)[0];
        Path archive = Files.writeString(directory.resolve("scoring-17.0.15+6-" + paths + ".classes"), "classes");
        Files.setLastModifiedTime(archive, Files.getLastModifiedTime(jar));
        Map<String, String> environment = Map.of("JAVA_HOME", java.toString(), "SLUICE_JAR", jar.toString());
        String flag = "-XX:SharedArchiveFile=" + archive;
        assertThat(launch(environment).out().lines()).contains(flag);
        assertThat(launch(environment, "--driver-class-path", "/first.jar")
                        .out()
                        .lines())
                .isNotEmpty()
                .doesNotContain(flag);
        assertThat(launch(environment, "--driver-java-options", "--patch-module=java.base=/patch")
                        .out()
                        .lines())
                .contains("--patch-module=java.base=/patch")
                .doesNotContain(flag);

        Files.setLastModifiedTime(jar, FileTime.from(Instant.EPOCH));
        Launch.Ended older = launch(environment);
        assertThat(older.err()).contains("sluice: creating " + archive);
        assertThat(older.out().lines()).isNotEmpty().doesNotContain(flag);
    }

    /** What Spark's launcher does with them. */
    @Test
    void thePathsOfTheDriverAndMorePropertiesReachTheVirtualMachine() throws IOException {
        Path java = home(
                "java",
                "case $1 in -version) echo 'openjdk version \"17.0.15\"' >&2 ;; "
                        + "*) printf '%s\\n' \"$LD_LIBRARY_PATH\" \"$@\" ;; esac");
        Path first = Files.writeString(directory.resolve("first.conf"), "spark.driver.memory 3g\nspark.a 1\n");
        Path second = Files.writeString(directory.resolve("second.conf"), "spark.driver.memory 4g\n");
        List<String> lines = launch(
                        Map.of("JAVA_HOME", java.toString(), "LD_LIBRARY_PATH", "/theirs"),
                        "--driver-library-path",
                        "/native",
                        "--driver-class-path",
                        "/first.jar",
                        "--driver-default-class-path",
                        "/second.jar",
                        "--properties-file",
                        first.toString(),
                        "--extra-properties-file",
                        second.toString(),
                        "--load-spark-defaults")
                .out()
                .lines()
                .toList();
        assertThat(lines).startsWith("/native:/theirs").contains("-Xmx4g");
        assertThat(lines.get(lines.indexOf("-cp") + 1)).startsWith(Checkout.jar() + ":/first.jar:/second.jar:");
        int submit = lines.indexOf("org.apache.spark.deploy.SparkSubmit");
        assertThat(lines.subList(submit + 1, submit + 7))
                .containsExactly(
                        "--properties-file",
                        Checkout.root().resolve("conf/spark-defaults.conf").toString(),
                        "--extra-properties-file",
                        first.toString(),
                        "--extra-properties-file",
                        second.toString());
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
        launch(Map.of("SLUICE_JAR", "local:///opt/sluice.jar"), "--model", "m")
                .assertFailed(2, "SLUICE_JAR is local:///opt/sluice.jar", "only a Spark installation takes a URL");
    }

    @Test
    void anOptionWithoutItsValueIsRefused() {
        launch(Map.of(), "--model", "m", "--master").assertFailed(2, "--master needs a value");
    }
}
