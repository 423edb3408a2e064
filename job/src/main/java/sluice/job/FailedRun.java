package sluice.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The report of a run that wrote no output, for whoever asked for a copy: so that a scheduler can read how it ended. */
record FailedRun(Instant started, Settings settings, ExitCode code, String error) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Writes it where {@code report.path} says. */
    void write(Configuration hadoop) throws IOException {
        Path path = new Path(settings.report().path().orElseThrow());
        try (OutputStream stream = path.getFileSystem(hadoop).create(path, true)) {
            stream.write(json());
        }
    }

    private byte[] json() {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("sluice", Version.current());
        report.put(RunReport.RUN, settings.report().run());
        report.put("started", started.toString());
        report.put(RunReport.EXIT_CODE, code.code());
        report.put(RunReport.ERROR, error);
        report.put("input", settings.input().paths());
        report.put("output", settings.output().path());
        try {
            return JSON.writeValueAsBytes(report);
        } catch (JsonProcessingException e) {
            throw new AssertionError("a tree of strings and numbers is always JSON", e);
        }
    }
}
