package sluice.job.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/** What tells a file from the one that was there before, without reading it. */
public record FileStamp(Path path, long length, long modified) {
    public static FileStamp of(FileStatus file) {
        return new FileStamp(file.getPath(), file.getLen(), file.getModificationTime());
    }

    /** What is there now; a file that is missing has a stamp that no other has. */
    public static FileStamp of(Path path, Configuration hadoop) {
        try {
            return of(path.getFileSystem(hadoop).getFileStatus(path));
        } catch (FileNotFoundException e) {
            return new FileStamp(path, -1, -1);
        } catch (IOException e) {
            throw new UncheckedIOException("%s: could not be looked at".formatted(path), e);
        }
    }

    public boolean isCurrent(Configuration hadoop) {
        return equals(of(path, hadoop));
    }
}
