package sluice.job.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HadoopChannelTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path folder;

    private final byte[] content = new byte[3 * MIB + 17];
    private Path file;

    @BeforeEach
    void writeFile() throws IOException {
        new Random(5).nextBytes(content);
        file = Files.write(folder.resolve("weights"), content);
    }

    private HadoopChannel open() throws IOException {
        org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(file.toUri());
        FileSystem files = path.getFileSystem(new Configuration());
        return new HadoopChannel(files.open(path), files.getFileStatus(path).getLen());
    }

    /** Reads until the buffer is full or the file ends. */
    private static void fill(SeekableByteChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
            // repeat
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4_099, MIB - 1, MIB, MIB + 1, 4 * MIB})
    void allBytesAreReadInOrderForAnyBufferSize(int bufferSize) throws IOException {
        ByteBuffer found = ByteBuffer.allocate(content.length);
        try (HadoopChannel channel = open()) {
            assertThat(channel.size()).isEqualTo(content.length);
            while (found.hasRemaining()) {
                ByteBuffer part = ByteBuffer.allocateDirect(Math.min(bufferSize, found.remaining()));
                fill(channel, part);
                found.put(part.flip());
                assertThat(channel.position()).isEqualTo(found.position());
            }
            assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        }
        assertThat(found.array()).isEqualTo(content);
    }

    @Test
    void itReadsFromItsPosition() throws IOException {
        try (HadoopChannel channel = open()) {
            for (int at : new int[] {2 * MIB + 3, 0, content.length - 5, 17, content.length}) {
                ByteBuffer part = ByteBuffer.allocate(MIB + 100);
                assertThat(channel.position(at)).isSameAs(channel);
                fill(channel, part);
                int end = Math.min(content.length, at + part.capacity());
                assertThat(Arrays.copyOf(part.array(), part.position()))
                        .as("from %d", at)
                        .isEqualTo(Arrays.copyOfRange(content, at, end));
            }
        }
    }

    @Test
    void onlyTheRemainingBytesOfTheBufferAreFilled() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(10).position(3).limit(6);
        try (HadoopChannel channel = open()) {
            fill(channel, buffer);
            assertThat(channel.position()).isEqualTo(3);
            assertThat(channel.read(ByteBuffer.allocate(0))).isZero();
        }
        byte[] expected = new byte[10];
        System.arraycopy(content, 0, expected, 3, 3);
        assertThat(buffer.array()).isEqualTo(expected);
    }

    @Test
    void itIsReadOnlyAndClosesItsFile() throws IOException {
        HadoopChannel channel = open();
        assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(1))).isInstanceOf(NonWritableChannelException.class);
        assertThatThrownBy(() -> channel.truncate(1)).isInstanceOf(NonWritableChannelException.class);
        assertThat(channel.isOpen()).isTrue();
        channel.close();
        assertThat(channel.isOpen()).isFalse();
        assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("closed");
    }
}
