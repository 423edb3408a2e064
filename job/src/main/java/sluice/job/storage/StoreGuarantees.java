package sluice.job.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sluice.job.message.Failure;
import sluice.job.message.RefusedException;

/**
 * What a publication may assume of a file system. It needs one operation of two processes that only one of them can win:
 * {@link #create}. Without it a run is refused. It uses atomic renames of directories where they exist, and works file by file elsewhere.
 *
 * <p>Needed of every file system: a file that was written and closed is read in full by every process; a rename of one file, or its
 * copy, is complete or absent; a request of a process that was killed takes effect before later publications, or never; a request that
 * failed takes effect before its process reads the file next, or never; the list of a run's own staged files is complete when its tasks
 * have ended. Not assumed: that directories are renamed atomically, that an operation that failed had no effect, that a rename that
 * returned {@code false} had none, that a listing shows files that another process has just written or omits those it has just deleted.
 */
public final class StoreGuarantees {
    private static final Logger LOG = LoggerFactory.getLogger(StoreGuarantees.class);

    /** Hadoop setting: schemes of file systems that rename a file or directory atomically and never onto an existing file. */
    static final String ATOMIC_SCHEMES = "sluice.atomic-rename.schemes";

    private static final String DEFAULT_ATOMIC_SCHEMES = "hdfs,webhdfs,swebhdfs";

    /** Hadoop setting: schemes of object stores whose {@code create} without overwriting is decided when the file is closed. */
    static final String EXCLUSIVE_SCHEMES = "sluice.exclusive-create.schemes";

    private static final String DEFAULT_EXCLUSIVE_SCHEMES = "gs";

    /** Path capability and option of Hadoop 3.4.2: the file becomes visible only if no file has its name. S3A has it. */
    private static final String CONDITIONAL_CREATE = "fs.option.create.conditional.overwrite";

    private final FileSystem files;
    private final Exclusion exclusion;

    private enum Exclusion {
        /** A hard link to a complete file; it fails if the name exists. */
        LINK(true),
        /** A rename of a complete file; it fails if the name exists. */
        RENAME(true),
        /** A conditional write of an object store. */
        CONDITION(false),
        /** A create without overwriting that an object store decides when the file is closed. */
        CLOSE(false),
        NONE(false);

        private final boolean usesDraft;

        Exclusion(boolean usesDraft) {
            this.usesDraft = usesDraft;
        }
    }

    private StoreGuarantees(FileSystem files, Exclusion exclusion) {
        this.files = files;
        this.exclusion = exclusion;
    }

    public static StoreGuarantees of(FileSystem files, Path path, Configuration hadoop) throws IOException {
        return new StoreGuarantees(files, exclusion(files, path, hadoop));
    }

    private static Exclusion exclusion(FileSystem files, Path path, Configuration hadoop) throws IOException {
        if (files instanceof LocalFileSystem || files instanceof RawLocalFileSystem) {
            return Exclusion.LINK;
        }
        String scheme = files.getUri().getScheme().toLowerCase(Locale.ROOT);
        if (schemes(hadoop, ATOMIC_SCHEMES, DEFAULT_ATOMIC_SCHEMES).contains(scheme)) {
            return Exclusion.RENAME;
        }
        if (files.hasPathCapability(path, CONDITIONAL_CREATE)) {
            return Exclusion.CONDITION;
        }
        return schemes(hadoop, EXCLUSIVE_SCHEMES, DEFAULT_EXCLUSIVE_SCHEMES).contains(scheme)
                ? Exclusion.CLOSE
                : Exclusion.NONE;
    }

    private static List<String> schemes(Configuration hadoop, String key, String others) {
        return Arrays.asList(hadoop.getTrimmedStrings(key, others));
    }

    /** Whether a directory is renamed in one step, so that a reader sees all of it or nothing. */
    public boolean renamesDirectories() {
        return exclusion == Exclusion.LINK || exclusion == Exclusion.RENAME;
    }

    /** Renames a directory if it can. The caller checks the outcome: another process may have done it, or removed the parent of the target. */
    void renameDirectory(Path from, Path to) throws IOException {
        try {
            boolean moved = files instanceof LocalFileSystem disk
                    ? renameOnDisk(
                            disk.pathToFile(from).toPath(), disk.pathToFile(to).toPath())
                    : files.rename(from, to);
            LOG.debug("{} to {}: {}", from, to, moved ? "moved" : "not moved");
        } catch (FileNotFoundException e) {
            LOG.debug("{} to {}: not moved, the source is gone", from, to);
        }
    }

    /**
     * If a local rename fails because another process was faster, Hadoop copies the directory file by file and deletes it, and two
     * processes that do so can lose files. This method renames atomically or does nothing.
     */
    private static boolean renameOnDisk(java.nio.file.Path from, java.nio.file.Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (NoSuchFileException e) {
            throw new FileNotFoundException(e.getMessage());
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException(e.getMessage(), e);
        } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
            return false;
        }
    }

    /**
     * Tries whether a file can't be created twice. An object store may say that it refuses that, and ignore the condition.
     *
     * @param directory for the two attempts
     * @throws RefusedException if two runs could both believe that they have published
     */
    public void tryExclusion(Path directory) throws IOException {
        requireExclusion(directory);
        Path probe = new Path(directory, "_probe"); // hidden, in case that it stays
        for (String attempt : List.of("first", "second")) {
            boolean isCreated;
            try {
                isCreated = createNow(probe, SmallFile.bytes(attempt), new Path(directory, "_probe-" + attempt));
            } catch (IOException e) {
                isCreated = isCreated(probe, SmallFile.bytes(attempt), e);
            }
            if (isCreated != attempt.equals("first")) {
                throw new RefusedException(String.format(
                        Locale.ROOT,
                        "%s: its file system created a file a second time, which it should refuse, so two runs could overwrite each other; write to another file system, or to a Delta or Iceberg table",
                        directory.getParent()));
            }
        }
        files.delete(probe, false);
    }

    /** @throws RefusedException if this kind of file system is not known to decide between two runs */
    public void requireExclusion(Path path) {
        if (exclusion == Exclusion.NONE) {
            throw new RefusedException(String.format(
                    Locale.ROOT,
                    "%s: its file system can't create a file only if there is none, so two runs could overwrite each other; for s3a use Hadoop 3.4.2 or later and leave fs.s3a.create.conditional.enabled on, write to another file system or to a Delta or Iceberg table, or list its scheme in spark.hadoop.%s if it renames directories atomically",
                    path,
                    ATOMIC_SCHEMES));
        }
    }

    /**
     * Creates a file with this content if no file has its name. Of several processes one succeeds.
     *
     * @param draft path for a temporary file in the same directory
     * @return whether the file was created; {@code false}: it exists already
     * @throws UnknownOutcomeException if it is not known whether the file was created
     * @throws IOException if the file was not created, and there is none
     */
    public boolean create(Path file, byte[] content, Path draft) throws IOException {
        requireExclusion(file);
        try {
            boolean mayBeThere =
                    !exclusion.usesDraft && SmallFile.read(files, file).isPresent();
            return !mayBeThere && createNow(file, content, draft);
        } catch (IOException e) { // the answer may have been lost after the write
            return isCreated(file, content, e);
        }
    }

    private boolean createNow(Path file, byte[] content, Path draft) throws IOException {
        return exclusion.usesDraft ? createFromDraft(file, content, draft) : createDirectly(file, content);
    }

    private boolean isCreated(Path file, byte[] content, IOException failure) throws IOException {
        Optional<byte[]> there;
        try {
            there = SmallFile.read(files, file);
        } catch (IOException e) {
            failure.addSuppressed(e);
            throw new UnknownOutcomeException(failure);
        }
        if (there.isEmpty()) {
            throw failure;
        }
        return Arrays.equals(there.get(), content);
    }

    /** A file may have been created or not. */
    static final class UnknownOutcomeException extends IOException {
        private static final long serialVersionUID = 1L;

        UnknownOutcomeException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    private boolean createFromDraft(Path file, byte[] content, Path draft) throws IOException {
        try {
            SmallFile.write(files, draft, content);
            if (exclusion == Exclusion.LINK) {
                return link(draft, file);
            }
            if (!files.rename(draft, file)) {
                return Arrays.equals(
                        SmallFile.read(files, file)
                                .orElseThrow(() -> new IOException(
                                        String.format(Locale.ROOT, "%s: could not be renamed to %s", draft, file))),
                        content);
            }
            return true;
        } finally {
            delete(draft);
        }
    }

    /** The outcome doesn't depend on the draft, so a failure is only logged. */
    private void delete(Path draft) {
        try {
            files.delete(draft, false);
        } catch (IOException e) {
            LOG.warn("{}: could not be deleted: {}; it is not needed any more", draft, e.getMessage());
        }
    }

    private boolean link(Path draft, Path file) throws IOException {
        try {
            Files.createLink(local(file), local(draft));
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } catch (UnsupportedOperationException | FileSystemException e) {
            throw new IOException(
                    String.format(
                            Locale.ROOT,
                            "%s: no hard link can be made: %s; write to a disk with hard links",
                            file,
                            Failure.firstLine(e.getMessage())),
                    e);
        }
    }

    private java.nio.file.Path local(Path path) {
        return files instanceof LocalFileSystem checked
                ? checked.pathToFile(path).toPath()
                : ((RawLocalFileSystem) files).pathToFile(path).toPath();
    }

    private boolean createDirectly(Path file, byte[] content) throws IOException {
        var builder = files.createFile(file).overwrite(false).recursive();
        if (exclusion == Exclusion.CONDITION) {
            builder.must(CONDITIONAL_CREATE, true);
        }
        try (OutputStream stream = builder.build()) {
            stream.write(content);
        } catch (FileNotFoundException e) {
            throw new IOException(e.getMessage(), e);
        }
        return true;
    }
}
