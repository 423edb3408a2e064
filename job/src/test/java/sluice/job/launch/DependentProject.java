package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A Maven project of a stranger that depends on one artifact of a release. It has a local repository of its own, and downloads from the
 * release and from the build's local repository: nothing comes over a network, and nothing that someone has installed is found.
 */
record DependentProject(Path directory, List<Path> classPath) {
    private static final String SETTINGS = """
            <settings>
              <localRepository>%s</localRepository>
              <mirrors>
                <mirror>
                  <id>build</id>
                  <mirrorOf>*,!release</mirrorOf>
                  <url>%s</url>
                </mirror>
              </mirrors>
            </settings>
            """;

    /** A file of a dependent program. */
    static Path source(String name) {
        return Checkout.root().resolve("job/src/test/resources/dependent").resolve(name);
    }

    /**
     * Compiles the project.
     *
     * @param sources its Java files
     */
    static DependentProject build(Path directory, Release release, String artifact, List<Path> sources)
            throws IOException {
        Path code = Files.createDirectories(directory.resolve("src/main/java"));
        for (Path source : sources) {
            Files.copy(source, code.resolve(source.getFileName()));
        }
        Files.copy(source("service/pom.xml"), directory.resolve("pom.xml"));
        Path settings = Files.writeString(
                directory.resolve("settings.xml"),
                SETTINGS.formatted(
                        directory.resolve("local"), Release.localRepository().toUri()));
        Launch.Ended ended = Release.maven(
                directory,
                "-s",
                settings.toString(),
                "-gs",
                settings.toString(),
                "-Dartifact=" + artifact,
                "-Drelease.version=" + release.version(),
                "-Drelease.repository=" + release.repository().toUri(),
                "-Dcompiler.version=" + Release.pluginVersion("compiler"),
                "-Ddependency.version=" + Release.pluginVersion("dependency"),
                "-Dresources.version=" + Release.pluginVersion("resources"),
                "compile");
        assertThat(ended.exitCode()).as(ended.toString()).isZero();
        String[] jars = Files.readString(directory.resolve("target/classpath")).split(File.pathSeparator);
        return new DependentProject(
                directory, List.of(jars).stream().map(Path::of).toList());
    }

    /** Runs one of its programs and returns the lines that it prints. */
    List<String> run(String program, String... arguments) {
        List<String> parts =
                new ArrayList<>(List.of(directory.resolve("target/classes").toString()));
        classPath.forEach(jar -> parts.add(jar.toString()));
        List<String> command = new ArrayList<>(List.of(
                Checkout.java().toString(),
                "--add-modules=jdk.incubator.vector",
                "-Duser.language=en",
                "-cp",
                String.join(File.pathSeparator, parts),
                program));
        command.addAll(List.of(arguments));
        Launch.Ended ended = Launch.start(directory, command, Map.of()).end();
        assertThat(ended.exitCode()).as(ended.toString()).isZero();
        return ended.out().lines().toList();
    }
}
