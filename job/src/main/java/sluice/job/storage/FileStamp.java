package sluice.job.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * Length and modification time. Equal stamps are taken as unchanged content.
 *
 * @param length in bytes; -1 for a missing file
 * @param modified time in milliseconds since the epoch; -1 for a missing file
 */
public record FileStamp(Path path, long length, long modified) {
    public static FileStamp of(FileStatus file) {
        return new FileStamp(file.getPath(), file.getLen(), file.getModificationTime());
    }

    /** The stamp of the file that is at the path now. */
    public static FileStamp of(Path path, Configuration hadoop) {
        try {
            return of(Storage.of(path, hadoop).getFileStatus(path));
        } catch (FileNotFoundException e) {
            return new FileStamp(path, -1, -1);
        } catch (IOException e) {
            throw new UncheckedIOException("%s: its status could not be read".formatted(path), e);
        }
    }

    public boolean isCurrent(Configuration hadoop) {
        return equals(of(path, hadoop));
    }
}
