package sluice.cell.weights.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.Models;
import sluice.cell.weights.SafetensorsWriter;
import sluice.cell.weights.file.ModelFolder;
import sluice.cell.weights.file.TensorNames;

/**
 * Checks the contract of the readers for any bytes: reading gives a valid model or a {@link ModelException}, within
 * {@link Timed#MAX_SECONDS}. Any other exception is a failure, even an {@link IOException}, because the file is in memory.
 */
final class Hostile {
    /** The longest message contains a list of ten names. */
    private static final int MAX_MESSAGE_CHARACTERS = 15_000;

    private static final String NAME = "model";

    static {
        // Loads the classes of each format, so that no measured read includes it.
        LstmModel small = Models.random(new Random(1), 5, 2, 3, 4);
        assertRoundTrip(small);
        Seeds.all().values().forEach(seed -> readOrReject(seed, Hostile::missing));
    }

    private Hostile() {}

    /** Reads a model that consists of one file. */
    static Optional<LstmModel> read(byte[] file) {
        return read(file, Hostile::missing);
    }

    private static SeekableByteChannel missing(String name) throws IOException {
        throw new NoSuchFileException(name);
    }

    /**
     * Reads a file.
     *
     * @return the model; empty if the file was rejected
     */
    static Optional<LstmModel> read(byte[] file, ModelFolder folder) {
        Timed<Optional<LstmModel>> reading = Timed.reading(() -> readOrReject(file, folder));
        Optional<LstmModel> model = reading.found();
        assertThat(reading.seconds())
                .as("seconds for a file of %d bytes", file.length)
                .isLessThan(Timed.MAX_SECONDS);
        model.ifPresent(LstmModel::verify);
        model.filter(Hostile::fitsStateDict).ifPresent(Hostile::assertRoundTrip);
        return model;
    }

    private static Optional<LstmModel> readOrReject(byte[] file, ModelFolder folder) {
        try {
            return Optional.of(ModelReader.read(NAME, new MemoryChannel(file), folder, TensorNames.automatic())
                    .model());
        } catch (ModelException e) {
            assertThat(e.getMessage()).startsWith(NAME + ": ").hasSizeLessThan(MAX_MESSAGE_CHARACTERS);
            assertThat(LittleMemory.error(e))
                    .as("an error as cause of the rejection: %s", e)
                    .isEmpty();
            return Optional.empty();
        } catch (IOException e) {
            throw new AssertionError("reading a file in memory failed", e);
        }
    }

    /** Whether a state dict can hold the model: plain cells with initial states of zeros. */
    private static boolean fitsStateDict(LstmModel model) {
        return model.layers().stream().allMatch(Hostile::fitsStateDict);
    }

    private static boolean fitsStateDict(LstmLayer layer) {
        List<LstmDirection> directions = layer.directions();
        return layer.merge() == LstmLayer.Merge.CONCAT
                && !directions.get(0).reversed()
                && directions.stream().allMatch(Hostile::fitsStateDict);
    }

    private static boolean fitsStateDict(LstmDirection direction) {
        return direction.variant().isPlain() && isZero(direction.initialHidden()) && isZero(direction.initialCell());
    }

    private static boolean isZero(float[] state) {
        for (float value : state) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    /** Writes the model, reads it again, and requires identical bits. */
    private static void assertRoundTrip(LstmModel model) {
        byte[] file = SafetensorsWriter.bytes(SafetensorsWriter.tensors(model), Map.of());
        TensorNames names = TensorNames.automatic()
                .withEmbedding(model.embedding().isPresent() ? "embedding.weight" : TensorNames.NONE)
                .withOutput(model.output().isPresent() ? "decoder.weight" : TensorNames.NONE);
        try {
            LstmModel again =
                    ModelReader.read("again", new MemoryChannel(file), names).model();
            assertThat(again.fingerprint()).isEqualTo(model.fingerprint());
        } catch (IOException e) {
            throw new AssertionError("reading a file in memory failed", e);
        }
    }
}
