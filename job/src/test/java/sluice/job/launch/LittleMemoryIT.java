package sluice.job.launch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;
import sluice.cell.model.OutputLayer;
import sluice.cell.weights.statedict.StateDictWriter;

/** What an executor of 1 GB scores, and what it refuses: never does it run out of memory. */
@Tag("launch")
@Tag("slow")
class LittleMemoryIT {
    private static final long SEED = 20_010;

    @TempDir
    private Path directory;

    private final SplittableRandom random = new SplittableRandom(SEED);

    /** Random weights, as many tokens as classes. */
    private void writeModel(int tokens, int width, int hidden) throws IOException {
        LstmLayer layer = LstmLayer.of(
                LstmDirection.plain(matrix(4 * hidden, width), matrix(4 * hidden, hidden), new float[4 * hidden]));
        LstmModel model = new LstmModel(
                Optional.of(new Embedding(matrix(tokens, width))),
                List.of(layer),
                Optional.of(new OutputLayer(matrix(tokens, hidden))));
        try (OutputStream file = Files.newOutputStream(directory.resolve("model.safetensors"))) {
            StateDictWriter.write(model, Map.of(), file);
        }
    }

    private Matrix matrix(int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int at = 0; at < values.length; at++) {
            values[at] = (float) random.nextDouble(-0.2, 0.2);
        }
        return Matrix.of(rows, columns, values);
    }

    /** Random tokens. */
    private void writeTable(int tokens, int... lengths) throws IOException {
        List<String> lines = new ArrayList<>();
        for (int id = 0; id < lengths.length; id++) {
            String sequence = random.ints(lengths[id], 0, tokens)
                    .mapToObj(Integer::toString)
                    .collect(Collectors.joining(","));
            lines.add(String.format(Locale.ROOT, "{\"id\":\"r%d\",\"tokens\":[%s]}", id, sequence));
        }
        Files.write(directory.resolve("in.jsonl"), lines);
    }

    private Launch.Ended score(String... options) {
        List<String> command = new ArrayList<>(List.of(
                Checkout.launcher().toString(),
                "--master",
                "local[2]",
                "--driver-memory",
                "1g",
                "--model",
                "model.safetensors",
                "--input",
                "in.jsonl",
                "--input-format",
                "json",
                "--output",
                "out"));
        command.addAll(Arrays.asList(options));
        return Launch.start(directory, command, Map.of()).end();
    }

    private JsonNode report() throws IOException {
        return new ObjectMapper()
                .readTree(directory.resolve("out/_sluice/report.json").toFile());
    }

    @Test
    void aModelOfAHundredMegabytesScoresALongTail() throws IOException {
        int tokens = 100_000;
        writeModel(tokens, 128, 128);
        assertThat(Files.size(directory.resolve("model.safetensors"))).isGreaterThan(100_000_000);
        int[] lengths = new int[1_000];
        Arrays.setAll(lengths, row -> (int) Math.max(1, Math.min(5_000, 60 * Math.exp(1.2 * random.nextGaussian()))));
        writeTable(tokens, lengths);
        score("--emit", "topk").assertScored();
        assertThat(report().path("rows").asInt()).isEqualTo(lengths.length);
    }

    @Test
    void aSequenceMayHaveAMillionTokens() throws IOException {
        writeModel(100, 32, 64);
        writeTable(100, 1_000_000, 3);
        score("--emit", "loglik,prediction").assertScored();
        assertThat(report().path("tokens").asInt()).isEqualTo(1_000_003);
    }

    @Test
    void anAnswerThatIsTooLargeForTheMemoryIsRefusedByThePlan() throws IOException {
        writeModel(10_000, 8, 8);
        writeTable(10_000, 10, 10_000, 20);
        assertRefused("r1", score("--emit", "softmax", "--at", "each"));
        assertRefused("r1", score("--emit", "softmax", "--at", "each", "--dry-run"));
    }

    @Test
    void whereThePlanHasNotSeenItTheRunRefusesIt() throws IOException {
        writeModel(10_000, 8, 8);
        int[] lengths = new int[5_000]; // more than the plan looks at; all but the last are empty
        lengths[lengths.length - 1] = 10_000;
        writeTable(10_000, lengths);
        assertRefused("r4999", score("--emit", "softmax", "--at", "each"));
    }

    private void assertRefused(String row, Launch.Ended ended) {
        ended.assertFailed(
                1,
                "row id=%s: column 'tokens': its answer to 10,000 steps is 381.5 MiB".formatted(row),
                "512.0 MiB that a task has here",
                "topk, rank or loglik");
        assertThat(directory.resolve("out")).doesNotExist();
    }

    @Test
    void aLargeAnswerThatFitsIsWritten() throws IOException {
        writeModel(10_000, 8, 8);
        writeTable(10_000, 1_200, 1_200, 1_200, 1_200);
        score("--emit", "softmax", "--at", "each").assertScored();
        assertThat(report().path("tokens").asInt()).isEqualTo(4_800);
    }
}
