package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code submit/score} with Hive's classes and a {@code hive-site.xml}, as an installation of Spark has them. */
@Tag("slow")
class HiveLaunchIT {
    @TempDir
    private Path directory;

    private Launch.Ended score(String... more) {
        List<String> options = new ArrayList<>(List.of(
                "--model", Checkout.example("reber.safetensors").toString(),
                "--tokens", "text",
                "--splitter", "character",
                "--emit", "softmax,loglik"));
        options.addAll(Arrays.asList(more));
        return Launch.local(directory, options.toArray(String[]::new)).end();
    }

    private String[] with(String[] options, String... more) {
        return Stream.concat(Arrays.stream(options), Arrays.stream(more)).toArray(String[]::new);
    }

    @Test
    void theCatalogIsThatOfHiveIfHiveIsConfigured() throws IOException {
        String[] strings = {"--input", Checkout.example("strings.jsonl").toString(), "--input-format", "json"};
        score(with(strings, "--output", "alone")).assertScored();
        Map<String, String> expected = ParquetRows.bits(directory.resolve("alone"));

        String[] hive = {
            "--driver-class-path", classPath(), "--conf", "spark.sql.warehouse.dir=" + directory.resolve("tables")
        };
        String[] table = {"--output", "scored", "--output-format", "table", "--set", "output.table-provider=hive"};
        Launch.Ended written =
                score(with(with(hive, with(strings, table)), "--set", "output.options.fileFormat=parquet"));
        assertThat(written.exitCode()).as(written.toString()).isZero(); // Hive warns of its new metastore
        assertThat(ParquetRows.bits(directory.resolve("tables/scored"))).isEqualTo(expected);
        String[] again = {
            "--input", "scored", "--input-format", "table", "--set", "input.columns=id,text", "--output", "again"
        };
        Launch.Ended read = score(with(hive, again));
        assertThat(read.out()).as(read.toString()).contains("scored 1,200 sequences");
        assertThat(Files.isDirectory(directory.resolve("metastore"))).isTrue();
    }

    @Test
    void hiveWithoutItsClassesIsRefused() {
        score(
                        "--conf",
                        "spark.sql.catalogImplementation=hive",
                        "--input",
                        "strings",
                        "--input-format",
                        "table",
                        "--output",
                        "out")
                .assertFailed(
                        2, "spark.sql.catalogImplementation = hive: ", "--packages org.apache.spark:spark-hive_2.13:");
    }

    /** The jars that the tests have beside Spark's own, and a directory with the configuration. */
    private String classPath() throws IOException {
        Path site = Files.createDirectory(directory.resolve("hive"));
        Files.writeString(site.resolve("hive-site.xml"), """
                <configuration>
                  <property>
                    <name>javax.jdo.option.ConnectionURL</name>
                    <value>jdbc:derby:;databaseName=%s;create=true</value>
                  </property>
                </configuration>
                """.formatted(directory.resolve("metastore")));
        Set<String> ofSpark = Set.of(Checkout.sparkClassPath().split(File.pathSeparator));
        String jars = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(path -> path.endsWith(".jar") && !ofSpark.contains(path))
                .filter(path -> !path.contains("junit") && !path.contains("log4j"))
                .collect(Collectors.joining(File.pathSeparator));
        return site + File.pathSeparator + jars;
    }
}
