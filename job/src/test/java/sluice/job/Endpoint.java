package sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.SparkSession;

/** What Prometheus is served by a session's user interface. */
final class Endpoint {
    private static final Pattern COMMENTED_OUT =
            Pattern.compile("# (spark\\.(?:plugins|metrics\\.\\S+|ui\\.prometheus\\.\\S+))\\s+(\\S+)");

    private static final Pattern COUNTER = Pattern.compile(
            "metrics_sluice_driver_plugin_sluice_job_MetricsPlugin_(\\w+)_Count\\{type=\"counters\"} (\\d+)");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Jetty sends to the same path with a slash behind it; Prometheus follows. */
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();

    private final SparkSession spark;

    Endpoint(SparkSession spark) {
        this.spark = spark;
    }

    /** The lines of conf/spark-defaults.conf that are commented out there, on whatever port is free. */
    static Map<String, String> settings() {
        Map<String, String> settings = new TreeMap<>(Map.of("spark.ui.enabled", "true", "spark.ui.port", "0"));
        for (String line : Disk.lines(Path.of("..", "conf", "spark-defaults.conf"))) {
            Matcher matcher = COMMENTED_OUT.matcher(line);
            if (matcher.matches()) {
                settings.put(matcher.group(1), matcher.group(2));
            }
        }
        return settings;
    }

    String page(String path) {
        URI page = URI.create(spark.sparkContext().uiWebUrl().get() + path);
        try {
            HttpResponse<String> response =
                    CLIENT.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).as(page.toString()).isEqualTo(200);
            return response.body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Our counters by what is left of their names. */
    Map<String, Long> counters() {
        Map<String, Long> counters = new TreeMap<>();
        Matcher matcher = COUNTER.matcher(page("/metrics/prometheus"));
        while (matcher.find()) {
            counters.put(matcher.group(1), Long.valueOf(matcher.group(2)));
        }
        return counters;
    }

    /** Once they are so: executors tell of them by messages, which no one waits for. */
    Map<String, Long> counters(Predicate<Map<String, Long>> expected) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        Map<String, Long> counters = counters();
        while (!expected.test(counters) && System.nanoTime() < end) {
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
            counters = counters();
        }
        return counters;
    }

    /** What a report says, under the names of the counters; reasons that no row had are left out. */
    static Map<String, Long> reported(RunReport report, String prefix) {
        Map<String, Long> counters = new TreeMap<>(Map.of(
                prefix + "rows", report.measured().rows(),
                prefix + "tokens", report.measured().tokens(),
                prefix + "computedSteps", report.measured().computedSteps(),
                prefix + "engineBuilds", (long) report.measured().engines().size()));
        report.badRows()
                .value()
                .forEach((code, count) -> counters.put(prefix + "badRows_" + code.replace('-', '_'), count.rows()));
        return counters;
    }
}
