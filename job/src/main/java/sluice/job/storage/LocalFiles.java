package sluice.job.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumFs;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FsConstants;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Hadoop's local file system without processes. Where its native library is missing, Hadoop starts programs: {@code chmod} for each new
 * file and directory, 29 times in a run of one row, {@code ls} for each file that a run replaces, and {@code readlink} for each renaming
 * of a checkpoint's file.
 *
 * <p>{@code submit/score} registers it where the jar is on the class path of Spark: {@code fs.file.impl} is this class, and
 * {@code fs.AbstractFileSystem.file.impl}, which Spark's checkpoints use, is {@link OfContext}.
 */
public final class LocalFiles extends LocalFileSystem {
    public LocalFiles() {
        super(new Raw());
    }

    /** Without checksums. */
    private static final class Raw extends RawLocalFileSystem {
        private static final String MODE = "unix:mode";
        private static final int SPECIAL = 07000; // set-user-ID, set-group-ID, sticky
        private static final int PERMISSION = 01777;

        private static boolean hasModes(java.nio.file.Path file) {
            return file.getFileSystem().supportedFileAttributeViews().contains("unix");
        }

        /** Leaves special bits to {@code chmod}, which keeps those of a directory. */
        @Override
        public void setPermission(Path path, FsPermission permission) throws IOException {
            java.nio.file.Path file = pathToFile(path).toPath();
            if (!hasModes(file) || permission.getStickyBit() || ((int) Files.getAttribute(file, MODE) & SPECIAL) != 0) {
                super.setPermission(path, permission);
                return;
            }
            String symbols = permission.getUserAction().SYMBOL
                    + permission.getGroupAction().SYMBOL
                    + permission.getOtherAction().SYMBOL;
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(symbols));
        }

        /** Hadoop's status starts {@code ls} when it is asked for the mode or an owner, as each copy of it does. */
        @Override
        public FileStatus getFileStatus(Path path) throws IOException {
            FileStatus status = super.getFileStatus(path);
            java.nio.file.Path file = pathToFile(path).toPath();
            if (!hasModes(file)) {
                return status;
            }
            Map<String, Object> attributes;
            try {
                attributes = Files.readAttributes(file, MODE + ",owner,group");
            } catch (NoSuchFileException e) {
                throw new FileNotFoundException(e.getMessage());
            }
            return new FileStatus(
                    status.getLen(),
                    status.isDirectory(),
                    status.getReplication(),
                    status.getBlockSize(),
                    status.getModificationTime(),
                    status.getAccessTime(),
                    new FsPermission((short) ((int) attributes.get("mode") & PERMISSION)),
                    attributes.get("owner").toString(),
                    attributes.get("group").toString(),
                    status.getPath());
        }

        /** Each renaming of a checkpoint's file asks eight times. Leaves links to {@code readlink}. */
        @Override
        public FileStatus getFileLinkStatus(Path path) throws IOException {
            return Files.isSymbolicLink(pathToFile(path).toPath())
                    ? super.getFileLinkStatus(path)
                    : getFileStatus(path);
        }
    }

    /** The same for Hadoop's newer API. */
    public static final class OfContext extends ChecksumFs {
        /** Called by Hadoop. */
        public OfContext(URI uri, Configuration settings) throws IOException, URISyntaxException {
            super(new RawOfContext(uri, settings));
        }
    }

    private static final class RawOfContext extends DelegateToFileSystem {
        RawOfContext(URI uri, Configuration settings) throws IOException, URISyntaxException {
            super(uri, new Raw(), settings, FsConstants.LOCAL_FS_URI.getScheme(), false);
        }

        @Override
        public int getUriDefaultPort() {
            return -1; // none
        }

        @Override
        public boolean isValidName(String name) {
            return true; // the disk decides; the default refuses colons
        }
    }
}
