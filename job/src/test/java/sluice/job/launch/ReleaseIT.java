package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.tools.ToolProvider;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.file.TensorNames;

/** What a release puts into a repository, and programs that depend on it as those of strangers do. */
@Tag("slow")
class ReleaseIT {
    private static final String CELL = "sluice-cell";
    private static final String SPARK = "sluice-spark4_2.13";

    @TempDir
    private static Path shared;

    private static Release release;

    @TempDir
    private Path directory;

    @BeforeAll
    static void deploy() throws IOException {
        release = Release.deploy(shared);
    }

    /** SHA-256 of each file by its path, without the lists of versions, which have the time of the release. */
    private static Map<String, String> files(Release release) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(release.repository())) {
            for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
                if (!file.getFileName().toString().startsWith("maven-metadata.xml")) {
                    files.put(
                            release.repository().relativize(file).toString(),
                            DigestUtils.sha256Hex(Files.readAllBytes(file)));
                }
            }
        }
        return files;
    }

    @Test
    void twoReleasesOfOneCommitAreTheSameBytes() throws IOException {
        Map<String, String> first = files(release);
        assertThat(files(Release.deploy(directory))).isEqualTo(first);
        for (String artifact : List.of(CELL, SPARK)) {
            for (String end : List.of(".pom", ".jar", "-sources.jar", "-javadoc.jar")) {
                assertThat(release.file(artifact, end)).isRegularFile();
            }
        }
    }

    @Test
    void aReleaseNeedsTheAddressOfItsSources() {
        Launch.Ended ended = Release.maven(
                directory,
                "-f",
                Checkout.root().resolve("pom.xml").toString(),
                "-Dmaven.repo.local=" + Release.localRepository(),
                "-Dquick",
                "-Prelease",
                "validate");
        assertThat(ended.exitCode()).as(ended.toString()).isNotZero();
        assertThat(ended.out()).contains("add -Drelease.url=https://...");
    }

    @Test
    void pomsStandAloneAndSayWhatRepositoriesAskFor() throws IOException {
        for (String artifact : List.of(CELL, SPARK)) {
            String pom = Files.readString(release.file(artifact, ".pom"));
            assertThat(pom)
                    .contains("<name>", "<description>", "<licenses>", "Apache-2.0", "<developers>", "<scm ")
                    .contains("<url>%s</url>".formatted(Release.URL))
                    .contains("<connection>scm:git:%s</connection>".formatted(Release.URL))
                    .doesNotContain("<parent>", "${", "SNAPSHOT", "<build>");
        }
        String dependencies = Files.readString(release.file(SPARK, ".pom")).replaceAll("(?s).*<dependencies>", "");
        assertThat(Pattern.compile("<scope>(.*)</scope>").matcher(dependencies).results())
                .hasSize(dependencies.split("<dependency>", -1).length - 1)
                .allSatisfy(scope -> assertThat(scope.group(1)).isEqualTo("provided"));
    }

    /** The pages of types in a jar of Javadoc, by the names that Java has for them. */
    private static Set<String> documented(String artifact) throws IOException {
        Set<String> types = new TreeSet<>();
        try (JarFile jar = new JarFile(release.file(artifact, "-javadoc.jar").toFile())) {
            jar.stream()
                    .map(entry -> entry.getName())
                    .filter(name -> name.matches("sluice/([a-z]+/)*[A-Z][^/]*\\.html"))
                    .map(name ->
                            name.replaceAll("\\.html$", "").replace('.', '$').replace('/', '.'))
                    .forEach(types::add);
        }
        return types;
    }

    private static Set<String> listed(String file) throws IOException {
        return Pattern.compile("(?m)^\\S.*?(?:class|enum|interface|record) (\\S+)")
                .matcher(Files.readString(Checkout.root().resolve(file)))
                .results()
                .map(type -> type.group(1))
                .collect(TreeSet::new, TreeSet::add, TreeSet::addAll);
    }

    @Test
    void thePublicApiIsDocumented() throws IOException {
        assertThat(documented(CELL)).isEqualTo(listed("cell/sluice-cell.api"));
        assertThat(documented(SPARK)).containsExactly("sluice.job.Main", "sluice.ml.SequenceScorer");
        assertThat(listed("job/sluice-spark4_2.13.api")).containsAll(documented(SPARK));
    }

    @Test
    void sourcesAreThoseOfTheArtifact() throws IOException {
        try (JarFile jar = new JarFile(release.file(CELL, "-sources.jar").toFile())) {
            String scorer = "sluice/cell/online/Scorer.java";
            assertThat(jar.getInputStream(jar.getEntry(scorer)))
                    .hasBinaryContent(Files.readAllBytes(
                            Checkout.root().resolve("cell/src/main/java").resolve(scorer)));
        }
        try (JarFile jar = new JarFile(release.file(SPARK, "-sources.jar").toFile())) {
            assertThat(jar.getEntry("sluice/ml/SequenceScorer.java")).isNotNull();
        }
    }

    /** A block of code of the section that shows the program. */
    private static String documentedBlock(String language) throws IOException {
        String text = Files.readString(Checkout.root().resolve("cell/README.md"));
        return Release.find("(?s)## In a service, without Spark\n.*?```" + language + "\n(.*?)```", text);
    }

    /** The libraries are those that the pom of the cell brings: no Spark, no Scala. */
    @Test
    void aProgramWithoutSparkNeedsOneDependency() throws IOException {
        Path program = Files.writeString(directory.resolve("Symbols.java"), documentedBlock("java"));
        DependentProject project = DependentProject.build(
                directory.resolve("service"),
                release,
                CELL,
                List.of(program, DependentProject.source("service/Models.java")));
        assertThat(project.classPath().stream()
                        .map(jar -> jar.getFileName().toString().replaceAll("-[0-9.]+jar", "")))
                .containsExactlyInAnyOrder(
                        "sluice-cell",
                        "jhdf",
                        "jackson-databind",
                        "jackson-annotations",
                        "jackson-core",
                        "pickle",
                        "commons-lang3",
                        "slf4j-api");

        assertThat(project.run("Symbols", Checkout.example("reber.safetensors").toString()))
                .isEqualTo(documentedBlock("text").lines().toList());

        List<String> models = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (String name : List.of(
                "checkpoints/protocol-5-training.pt",
                "torch-onnx/pt_bi_l2_op14/model.onnx",
                "keras/models/keras_bi_l2/model_legacy.h5",
                "real-models/k2_masking_bidirectional/model.keras")) {
            Path model = Checkout.root().resolve("cell/src/test/resources").resolve(name);
            models.add(model.toString());
            expected.add(
                    ModelReader.read(model, TensorNames.automatic()).model().fingerprint());
        }
        assertThat(project.run("Models", models.toArray(String[]::new))).isEqualTo(expected);
    }

    @Test
    void theJarForSparkBringsNothingElse() throws IOException {
        DependentProject project = DependentProject.build(
                directory.resolve("project"), release, SPARK, List.of(DependentProject.source("service/Models.java")));
        assertThat(project.classPath())
                .singleElement()
                .satisfies(jar -> assertThat(jar).hasSameBinaryContentAs(release.file(SPARK, ".jar")));
    }

    @Test
    void sparkFindsItAsAPackage() throws IOException {
        List<String> job = List.of(
                "--model", Checkout.example("reber.safetensors").toString(),
                "--config", Checkout.example("reber.conf").toString(),
                "--input", Checkout.example("strings.jsonl").toString(),
                "--set", "input.columns=id");
        List<String> own = new ArrayList<>(job);
        own.addAll(List.of("--output", directory.resolve("own").toString()));
        Launch.local(directory, own.toArray(String[]::new)).end().assertScored();
        Map<String, String> expected = ParquetRows.bits(directory.resolve("own"));
        assertThat(expected).hasSize(1_200);

        List<String> main = new ArrayList<>(List.of("--class", "sluice.job.Main", "spark-internal"));
        main.addAll(job);
        main.addAll(List.of("--output", directory.resolve("main").toString()));
        submit("packages", main).assertScored();
        assertThat(ParquetRows.bits(directory.resolve("main"))).isEqualTo(expected);

        submit(
                        "packages",
                        List.of(
                                "--class",
                                "Stage",
                                stage().toString(),
                                Checkout.example("reber.safetensors").toString(),
                                Checkout.example("strings.jsonl").toString(),
                                directory.resolve("stage").toString()))
                .assertScored();
        assertThat(ParquetRows.bits(directory.resolve("stage"))).isEqualTo(expected);

        try (Stream<Path> jars = Files.list(directory.resolve("packages/jars"))) {
            assertThat(jars)
                    .singleElement()
                    .satisfies(jar -> assertThat(jar).hasSameBinaryContentAs(release.file(SPARK, ".jar")));
        }
    }

    /** As {@code spark-submit --packages} on this machine, without a Spark installation. */
    private Launch.Ended submit(String ivy, List<String> application) {
        List<String> command = new ArrayList<>(List.of(Checkout.java().toString()));
        command.addAll(Checkout.sparkFlags());
        command.addAll(List.of(Launch.SMALL.split(" ")));
        command.addAll(List.of(
                "-Xmx512m",
                "-Dlog4j2.configurationFile=" + Checkout.root().resolve("conf/log4j2.properties"),
                "-cp",
                Checkout.sparkClassPath(),
                "org.apache.spark.deploy.SparkSubmit",
                "--master",
                "local[2]",
                "--conf",
                "spark.jars.ivy=" + directory.resolve(ivy),
                "--repositories",
                release.repository().toUri().toString(),
                "--packages",
                "sluice:%s:%s".formatted(SPARK, release.version())));
        command.addAll(application);
        return Launch.start(directory, command, Map.of()).end();
    }

    /** The program of a pipeline in a jar, compiled against Spark and the release. */
    private Path stage() throws IOException {
        Path classes = Files.createDirectories(directory.resolve("classes"));
        String classPath = release.file(SPARK, ".jar") + File.pathSeparator + Checkout.sparkClassPath();
        int failed = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-proc:none",
                        "-cp",
                        classPath,
                        "-d",
                        classes.toString(),
                        DependentProject.source("pipeline/Stage.java").toString());
        assertThat(failed).isZero();
        Path jar = directory.resolve("stage.jar");
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file)) {
            out.putNextEntry(new ZipEntry("Stage.class"));
            Files.copy(classes.resolve("Stage.class"), out);
        }
        return jar;
    }
}
