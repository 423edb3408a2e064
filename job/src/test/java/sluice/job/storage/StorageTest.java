package sluice.job.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.VersionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sluice.job.fixture.SchemeFiles;
import sluice.job.message.RefusedException;

class StorageTest {
    /** A connector some of whose jars are missing. */
    public static final class Incomplete extends SchemeFiles {
        @Override
        public void initialize(URI uri, Configuration hadoop) {
            switch (uri.getHost()) {
                case "class" -> throw new NoClassDefFoundError("software/amazon/awssdk/core/exception/SdkException");
                case "method" -> throw new NoSuchMethodError("'void org.apache.hadoop.Some.method()'");
                case "service" -> throw new ServiceConfigurationError("org.apache.Service: Provider x not found");
                default -> throw new IllegalStateException("unknown bucket");
            }
        }
    }

    private static Configuration hadoop(String type) {
        Configuration hadoop = new Configuration(false);
        hadoop.set("fs.incomplete.impl", type);
        hadoop.set("fs.incomplete.impl.disable.cache", "true");
        return hadoop;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "class | the class software.amazon.awssdk.core.exception.SdkException is missing",
                "method | NoSuchMethodError: 'void org.apache.hadoop.Some.method()'",
                "service | ServiceConfigurationError: org.apache.Service: Provider x not found",
                "other | unknown bucket"
            })
    void aConnectorWithoutAllItsJarsIsRefusedInOneSentence(String bucket, String reason) {
        String path = "incomplete://" + bucket + "/out";
        Configuration hadoop = hadoop(Incomplete.class.getName());
        String advice =
                "put the jars of its connector on the class path (--packages or --jars), of the version of Spark's Hadoop, "
                        + VersionInfo.getVersion();
        assertThatThrownBy(() -> Storage.of(path, "--output", hadoop))
                .isInstanceOf(RefusedException.class)
                .hasMessage(path + ": its file system can't be used: " + reason + "; check --output, and " + advice);
        assertThatThrownBy(() -> Storage.of(new Path(path), hadoop))
                .isInstanceOf(IOException.class)
                .hasMessage(path + ": its file system can't be used: " + reason + "; " + advice);
        assertThat(SmallFile.copy(new byte[0], Optional.of(path), hadoop))
                .hasValueSatisfying(sentence -> assertThat(sentence).contains(reason));
    }

    @Test
    void aConnectorWithoutAnyJarIsRefusedInOneSentence() {
        assertThatThrownBy(() -> Storage.of("incomplete://class/out", "--model", hadoop("org.absent.Files")))
                .isInstanceOf(RefusedException.class)
                .hasMessageStartingWith(
                        "incomplete://class/out: its file system can't be used: the class org.absent.Files is missing; check --model, and put");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a:b", "10:30:00", "plain", "a b", "50%", "[1]", "a:b/c:d", "back\\slash"})
    void aNameInADirectoryMayHaveAnyCharacter(String name) {
        for (String directory : new String[] {"s3a://bucket/tables", "file:/", "/", "relative", "s3a://bucket/a:b"}) {
            Path parent = new Path(directory);
            Path child = Storage.child(parent, name);
            assertThat(child.toUri().getPath())
                    .isEqualTo((directory.endsWith("/") ? "" : parent.toUri().getPath()) + "/" + name);
            assertThat(child.toUri().getAuthority()).isEqualTo(parent.toUri().getAuthority());
        }
    }

    @Test
    void aNameBesideARelativeFileIsFound() {
        assertThat(Storage.child(new Path("model").getParent(), "weights")).isEqualTo(new Path("weights"));
    }

    @Test
    void aReportWhosePathIsNoPathIsNotCopiedAndSaysSo() {
        assertThat(SmallFile.copy(new byte[0], Optional.of("scores-10:30:00"), new Configuration(false)))
                .hasValueSatisfying(
                        sentence -> assertThat(sentence).contains("not a path").contains("check report.path"));
    }

    /** Spark reads a partition column whose name begins with an underscore. */
    @ParameterizedTest
    @CsvSource({
        "part-0,false",
        "day=1,false",
        "_day=1,false",
        "_SUCCESS,true",
        "_sluice,true",
        ".part-0.crc,true",
        ".day=1,true"
    })
    void whatSparkSkipsIsHidden(String name, boolean isHidden) {
        assertThat(Storage.isHidden(name)).isEqualTo(isHidden);
    }
}
