package sluice.job.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.job.fixture.MemoryStore;
import sluice.job.fixture.MemoryStore.Kind;
import sluice.job.fixture.MemoryStore.Outcome;

/** A single file, such as a saved model, that is published with a crash or a failure at each operation. */
class StagingDirectoryTest {
    private static final Path TARGET = new Path("memory:/models/lstm");
    private static final String OLD = "the old model";
    private static final String NEW = "the new model, which is longer";

    /** Ends a process. */
    private static final class Crash extends Error {
        private static final long serialVersionUID = 1L;
    }

    private static void publish(FileSystem files, boolean replaces, MemoryStore.Observer observer) throws IOException {
        StagingDirectory staging = new StagingDirectory(files, TARGET);
        SmallFile.write(files, staging.staging(), SmallFile.bytes(NEW));
        MemoryStore.observe(observer);
        try {
            staging.publishFile(replaces);
        } finally {
            MemoryStore.observe((operation, path) -> Outcome.DONE);
        }
    }

    private static String target() {
        byte[] content = MemoryStore.files().get("/models/lstm");
        return content == null ? "" : new String(content, StandardCharsets.UTF_8);
    }

    private static FileSystem start(Kind kind, boolean exists) throws IOException {
        Configuration hadoop = MemoryStore.start(kind);
        FileSystem files = TARGET.getFileSystem(hadoop);
        files.mkdirs(TARGET.getParent());
        if (exists) {
            SmallFile.write(files, TARGET, SmallFile.bytes(OLD));
        }
        return files;
    }

    @ParameterizedTest
    @EnumSource(names = {"DIRECTORIES", "OBJECTS"})
    void aFileIsOldOrNewOrAbsentUntilTheRunIsRepeated(Kind kind) throws IOException {
        List<String> violations = new ArrayList<>();
        int disturbances = 0;
        for (boolean exists : List.of(true, false)) {
            for (Outcome outcome : List.of(Outcome.DONE, Outcome.FAILED, Outcome.ANSWER_LOST, Outcome.RETURNS_FALSE)) {
                int[] seen = {Integer.MAX_VALUE};
                for (int at = 1; seen[0] >= at; at++) {
                    disturbances++;
                    FileSystem files = start(kind, exists);
                    int chosen = at;
                    seen[0] = 0;
                    String result = "published";
                    try {
                        publish(files, exists, (operation, path) -> {
                            seen[0]++;
                            if (seen[0] >= chosen && outcome == Outcome.DONE) {
                                throw new Crash();
                            }
                            return seen[0] == chosen ? outcome : Outcome.DONE;
                        });
                    } catch (Crash e) {
                        result = "killed";
                    } catch (IOException e) {
                        result = "failed";
                    }
                    String there = target();
                    boolean isRight = switch (result) {
                        case "published" -> there.equals(NEW);
                        case "failed" -> there.equals(exists ? OLD : "") || there.equals(NEW);
                        default -> List.of("", OLD, NEW).contains(there);
                    };
                    String where = String.format(
                            Locale.ROOT, "%s exists %s, %s at operation %d: %s", kind, exists, outcome, at, result);
                    if (!isRight) {
                        violations.add(where + " '" + there + "'");
                    }
                    publish(files, true, (operation, path) -> Outcome.DONE);
                    if (!target().equals(NEW)) {
                        violations.add(where + ", repeated '" + target() + "'");
                    }
                }
            }
        }
        assertThat(violations).isEmpty();
        assertThat(disturbances).isGreaterThan(15);
    }

    @Test
    void aFileThatMayNotBeReplacedStays() throws IOException {
        FileSystem files = start(Kind.OBJECTS, true);
        assertThatThrownBy(() -> publish(files, false, (operation, path) -> Outcome.DONE))
                .hasMessage(TARGET + ": another process created it while this run was writing");
        assertThat(target()).isEqualTo(OLD);
    }
}
