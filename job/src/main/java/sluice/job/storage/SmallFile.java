package sluice.job.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.job.message.Failure;

/** Reports as files: JSON for people, too. */
public final class SmallFile {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private SmallFile() {}

    /** What a small file holds, or nothing where there is none. */
    public static Optional<byte[]> read(FileSystem files, Path path) throws IOException {
        try (InputStream stream = files.open(path)) {
            return Optional.of(stream.readAllBytes());
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }

    /** @param report a record, or maps, lists, texts and numbers */
    public static byte[] json(Object report) {
        try {
            return JSON.writeValueAsBytes(report);
        } catch (JsonProcessingException e) {
            throw new AssertionError("a tree of strings and numbers is always JSON", e);
        }
    }

    /** Text of a report, as it stands in a file. */
    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Writes a small file, over one that is there. */
    public static void write(FileSystem files, Path path, byte[] content) throws IOException {
        try (OutputStream stream = files.create(path, true)) {
            stream.write(content);
        }
    }

    /**
     * Writes a report where {@code report.path} says, if it says so. What became of the run doesn't hang on it, so a file that can't be
     * written is no exception.
     *
     * @return why it could not be written, or nothing
     */
    public static Optional<String> copy(byte[] json, Optional<String> to, Configuration hadoop) {
        if (to.isEmpty()) {
            return Optional.empty();
        }
        Path path = new Path(to.get());
        try {
            write(path.getFileSystem(hadoop), path, json);
            return Optional.empty();
        } catch (IOException | RuntimeException e) { // the latter for a file system that this Spark doesn't know
            return Optional.of(Failure.firstLine(e.getMessage()));
        }
    }
}
