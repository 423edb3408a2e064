package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.job.fixture.Drops;
import sluice.job.fixture.Run;
import sluice.job.fixture.TorchCase;
import sluice.job.settings.InputFormat;

/** With {@link sluice.job.storage.LocalFiles}, Java starts no program for a file on a local disk, as Hadoop does. */
class StartedProcessesTest {
    private static final String PROCESS_START = "jdk.ProcessStart";

    @TempDir
    private Path folder;

    private Drops drops;

    /** The commands that name a file of this test. */
    private List<String> startedBy(Runnable work) throws IOException {
        Path events = folder.resolve("events.jfr");
        try (Recording recording = new Recording()) {
            recording.enable(PROCESS_START);
            recording.start();
            work.run();
            recording.stop();
            recording.dump(events);
        }
        return RecordingFile.readAllEvents(events).stream()
                .filter(event -> event.getEventType().getName().equals(PROCESS_START))
                .map((RecordedEvent event) -> event.getString("command"))
                .filter(command -> command.contains(folder.toString()))
                .toList();
    }

    private Run run() {
        return Run.of(TorchCase.named("vocab_2"), folder.resolve("out")).with("input.path", drops.folder());
    }

    @BeforeEach
    void makeATable() {
        drops = new Drops(folder.resolve("in"), InputFormat.PARQUET);
        drops.add(10);
    }

    @Test
    void processesAreCounted() throws IOException {
        assertThat(startedBy(() -> {
                    try {
                        new ProcessBuilder("ls", folder.toString()).start().waitFor();
                    } catch (IOException | InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }))
                .containsExactly("ls " + folder);
    }

    @Test
    void aTableIsWrittenAndReplacedByNone() throws IOException {
        assertThat(startedBy(run()::score)).isEmpty();
        assertThat(startedBy(run().with("output.mode", "overwrite")::score)).isEmpty();
        assertThat(Files.exists(folder.resolve("out/_SUCCESS"))).isTrue();
    }

    @Test
    void newFilesAreScoredByNone() throws IOException {
        for (int night = 0; night < 2; night++) {
            Run run = run().with("input.checkpoint", folder.resolve("checkpoint"));
            assertThat(startedBy(run::scoreNew)).as("night " + night).isEmpty();
            drops.add(10);
        }
    }
}
