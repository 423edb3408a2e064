package sluice.job.parquet;

import java.io.ByteArrayOutputStream;
import org.apache.parquet.io.DelegatingPositionOutputStream;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;

/** A file that is written to memory and never read. */
final class MemoryFile implements OutputFile {
    private static final long ANY_BLOCK = 1 << 20;

    @Override
    public PositionOutputStream create(long blockSizeHint) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        return new DelegatingPositionOutputStream(bytes) {
            @Override
            public long getPos() {
                return bytes.size();
            }
        };
    }

    @Override
    public PositionOutputStream createOrOverwrite(long blockSizeHint) {
        return create(blockSizeHint);
    }

    @Override
    public boolean supportsBlockSize() {
        return false;
    }

    @Override
    public long defaultBlockSize() {
        return ANY_BLOCK;
    }
}
