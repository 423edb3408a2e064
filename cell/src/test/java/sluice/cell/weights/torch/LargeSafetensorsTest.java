package sluice.cell.weights.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.Models;
import sluice.cell.weights.SafetensorsWriter;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.Shape;
import sluice.cell.weights.file.TensorNames;

/** Files and tensors whose sizes exceed an int. */
class LargeSafetensorsTest {
    /** 3 GB of unused, sparse data before the weights. The offsets exceed an int, and the data is not read. */
    @Test
    void readsFilesLargerThanTwoGigabytes(@TempDir Path folder) throws IOException {
        long ignored = 3L << 30;
        LstmModel model = Models.random(new Random(4), 5, 2, 3, 4);
        byte[] small = SafetensorsWriter.bytes(SafetensorsWriter.tensors(model), Map.of());
        SafetensorsReader tensors = SafetensorsReader.open(new MemoryChannel(small));
        long bytes = 0;
        StringBuilder header = new StringBuilder(String.format(
                Locale.ROOT,
                "{\"ignored\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[0,%d]}",
                ignored,
                ignored));
        for (String name : tensors.names()) {
            Shape shape = tensors.shape(name);
            long end = bytes + shape.values() * Float.BYTES;
            header.append(String.format(
                    Locale.ROOT,
                    ",\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
                    name,
                    shape.toString().replace('(', '[').replace(')', ']'),
                    ignored + bytes,
                    ignored + end));
            bytes = end;
        }
        byte[] start = SafetensorsWriter.bytes(header.append("}").toString(), new byte[0]);
        Path file = Files.write(folder.resolve("large.safetensors"), start);
        byte[] data = Arrays.copyOfRange(small, small.length - (int) bytes, small.length);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(data), start.length + ignored); // sparse if the file system supports it
        }

        ModelFile read = ModelReader.read(file, TensorNames.automatic().withIgnored(List.of("ignored")));

        assertThat(read.model().fingerprint()).isEqualTo(model.fingerprint());
        assertThat(read.notes()).contains("tensor 'ignored' (3221225472) is not used: model.ignore names it");
        assertThat(read.format()).isEqualTo("safetensors");
    }

    @Test
    void tensorsLongerThanAnArrayAreRejected(@TempDir Path folder) throws IOException {
        long rows = 1L << 29;
        long bytes = rows * 4 * 2;
        String header = String.format(
                        Locale.ROOT,
                        "{\"lstm.weight_ih_l0\":{\"dtype\":\"F16\",\"shape\":[%d,4],\"data_offsets\":[0,%d]},",
                        rows,
                        bytes)
                + String.format(
                        Locale.ROOT,
                        "\"lstm.weight_hh_l0\":{\"dtype\":\"F16\",\"shape\":[4,1],\"data_offsets\":[%d,%d]}}",
                        bytes,
                        bytes + 8);
        byte[] start = SafetensorsWriter.bytes(header, new byte[0]);
        Path file = Files.write(folder.resolve("long.safetensors"), start);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[8]), start.length + bytes);
        }

        SafetensorsReader reader = SafetensorsReader.open(FileChannel.open(file));

        assertThatThrownBy(() -> reader.read("lstm.weight_ih_l0"))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("tensor 'lstm.weight_ih_l0' has shape (536870912, 4): 2147483648 "
                        + "values, expected at most 2147483639");
    }
}
