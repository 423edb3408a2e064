package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A release of this checkout in a repository that is a folder. */
record Release(Path repository, String version) {
    /** An address that no one has. */
    static final String URL = "https://sluice.invalid/sluice";

    /** What a jar is built from. */
    private static final List<String> SOURCES =
            List.of("pom.xml", "conf", "cell/pom.xml", "cell/src/main", "job/pom.xml", "job/src/main");

    private static final List<String> POMS = List.of("pom.xml", "cell/pom.xml", "job/pom.xml");

    /**
     * Copies the sources, gives them the number of a release, and deploys it.
     *
     * @param directory a new one, for the sources and the repository
     */
    static Release deploy(Path directory) throws IOException {
        Path sources = directory.resolve("sources");
        for (String part : SOURCES) {
            copy(Checkout.root().resolve(part), sources.resolve(part));
        }
        String snapshot = find("<version>(.*)-SNAPSHOT</version>", Files.readString(sources.resolve("pom.xml")));
        for (String pom : POMS) {
            String text = Files.readString(sources.resolve(pom));
            Files.writeString(sources.resolve(pom), text.replace(snapshot + "-SNAPSHOT", snapshot));
        }
        Path repository = directory.resolve("repository");
        Launch.Ended ended = maven(
                sources,
                "-Dquick",
                "-Prelease",
                "-Drelease.url=" + URL,
                "-Dmaven.install.skip=true",
                "-Dmaven.repo.local=" + localRepository(),
                "-DaltDeploymentRepository=release::" + repository.toUri(),
                "clean",
                "deploy");
        assertThat(ended.exitCode()).as(ended.toString()).isZero();
        return new Release(repository, snapshot);
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Path copy = to.resolve(from.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** The folder that Maven has put into the repository for an artifact. */
    Path folder(String artifact) {
        return repository.resolve("sluice").resolve(artifact).resolve(version);
    }

    /**
     * A file of an artifact.
     *
     * @param end what follows the version: {@code .pom}, or {@code -sources.jar}
     */
    Path file(String artifact, String end) {
        return folder(artifact).resolve(artifact + "-" + version + end);
    }

    /** Runs Maven in a directory. */
    static Launch.Ended maven(Path directory, String... arguments) {
        List<String> command = new ArrayList<>(List.of("mvn", "-B", "-q", "-Dstyle.color=never"));
        command.addAll(Arrays.asList(arguments));
        return Launch.start(directory, command, Map.of()).end();
    }

    /** Where the build has its plugins and libraries. */
    static Path localRepository() {
        return Path.of(
                System.getProperty("sluice.local-repository", System.getProperty("user.home") + "/.m2/repository"));
    }

    /** The version at which the build has one of Maven's plugins. */
    static String pluginVersion(String plugin) throws IOException {
        return find(
                "<artifactId>maven-" + plugin + "-plugin</artifactId>\\s*<version>(.*)</version>",
                Files.readString(Checkout.root().resolve("pom.xml")));
    }

    static String find(String pattern, String text) {
        Matcher found = Pattern.compile(pattern).matcher(text);
        assertThat(found.find()).as(pattern).isTrue();
        return found.group(1);
    }
}
