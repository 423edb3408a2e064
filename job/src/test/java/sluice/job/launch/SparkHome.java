package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.package$;

/** Spark installations, as {@code .ci/spark} makes them. */
final class SparkHome {
    private SparkHome() {}

    /** An installation of this version, made from Maven's repository if it is not there. */
    static Path of(String version, Path directory) {
        Launch.Ended ended = Launch.start(
                        directory, List.of(Checkout.root().resolve(".ci/spark").toString(), version), Map.of())
                .end();
        assertThat(ended.exitCode()).as(ended.toString()).isZero();
        return Path.of(ended.out().strip());
    }

    /** An installation of the version that the jar is compiled against. */
    static Path ofBuild(Path directory) {
        return of(package$.MODULE$.SPARK_VERSION(), directory);
    }
}
