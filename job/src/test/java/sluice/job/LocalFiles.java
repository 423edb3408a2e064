package sluice.job;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumFs;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.FsConstants;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Hadoop's local file system, but that it sets permissions itself. Without its native library Hadoop starts a process for each file and
 * each folder that it makes, which is a third of the time of a test that writes many small ones.
 */
public final class LocalFiles {
    private LocalFiles() {}

    /** Spark's settings under which local files are written so. */
    static Map<String, String> settings() {
        return Map.of(
                "spark.hadoop.fs.file.impl", Checked.class.getName(),
                "spark.hadoop.fs.AbstractFileSystem.file.impl", CheckedFs.class.getName());
    }

    /** Bytes as they are. */
    public static class Raw extends RawLocalFileSystem {
        @Override
        public void setPermission(Path path, FsPermission permission) throws IOException {
            Files.setPosixFilePermissions(
                    pathToFile(path).toPath(),
                    PosixFilePermissions.fromString(permission.toString().substring(0, 9)));
        }
    }

    /** Bytes and their checksums: what {@code file:} is. */
    public static final class Checked extends LocalFileSystem {
        public Checked() {
            super(new Raw());
        }
    }

    /** The same, as Spark's streams reach it. */
    public static final class CheckedFs extends ChecksumFs {
        public CheckedFs(URI uri, Configuration settings) throws IOException, URISyntaxException {
            super(new RawFs(uri, settings));
        }
    }

    private static final class RawFs extends DelegateToFileSystem {
        RawFs(URI uri, Configuration settings) throws IOException, URISyntaxException {
            super(uri, new Raw(), settings, FsConstants.LOCAL_FS_URI.getScheme(), false);
        }

        @Override
        public int getUriDefaultPort() {
            return -1; // a local file has none
        }
    }
}
