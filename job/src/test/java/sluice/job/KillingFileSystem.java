package sluice.job;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.Progressable;

/**
 * A file system on which a run dies at a chosen change: its calls are counted from the moment at which a journal is drafted, and from the
 * chosen one on nothing is changed any more. Where the setting {@link #HALT} is true, the virtual machine goes with it.
 */
public final class KillingFileSystem extends LocalFiles.Raw {
    /** The setting that makes it known to Hadoop. */
    static final String SETTING = "fs.killing.impl";

    /** The number of the change, the draft's being 1, at which the virtual machine ends at once. */
    static final String HALT = "sluice.test.halt-at";

    private static final AtomicInteger CALLS = new AtomicInteger(); // 0: nothing was drafted yet
    private static final AtomicBoolean COUNTS_ALL = new AtomicBoolean();
    private static volatile int killAt = Integer.MAX_VALUE;
    private static volatile boolean throwsExceptions;
    private static volatile Predicate<String> counted = path -> true;
    private static volatile boolean isDead;

    private static final AtomicInteger UNTIL_MEANWHILE = new AtomicInteger();
    private static volatile Runnable meanwhile; // null where nothing is to happen

    /** What nobody has reason to catch. */
    static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }

    /** From now on: dies at the n-th change. */
    static void arm(int call) {
        CALLS.set(0);
        COUNTS_ALL.set(false);
        killAt = call;
        throwsExceptions = false;
        counted = path -> true;
        isDead = false;
    }

    /** From now on: dies at the n-th change of such paths. */
    static void arm(Predicate<String> paths, int call) {
        arm(call);
        counted = paths;
        startCounting();
    }

    /** From now on nothing is changed any more. */
    static void die() {
        isDead = true;
    }

    /** Whether the chosen change has come. */
    static boolean isDead() {
        return isDead;
    }

    /** Counts all changes, not only those behind a draft. */
    static void startCounting() {
        COUNTS_ALL.set(true);
    }

    /** From now on: the n-th change and all after it fail, and the run goes on. */
    static void armFailure(int call) {
        arm(call);
        throwsExceptions = true;
    }

    static void disarm() {
        arm(Integer.MAX_VALUE);
    }

    /** Once, just before the n-th look or change from now on: something happens that others do. */
    static void before(int operation, Runnable others) {
        UNTIL_MEANWHILE.set(operation);
        meanwhile = others;
    }

    private static void operate() {
        Runnable others = meanwhile;
        if (others != null && UNTIL_MEANWHILE.decrementAndGet() == 0) {
            meanwhile = null;
            others.run();
        }
    }

    @Override
    public boolean exists(Path path) throws IOException {
        operate();
        return super.exists(path);
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        operate();
        return super.getFileStatus(path);
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
        operate();
        return super.listStatus(path);
    }

    @Override
    public URI getUri() {
        return URI.create("killing:///");
    }

    private void change(Path path) throws IOException {
        operate();
        if (isDead) {
            throw new Killed();
        }
        if (CALLS.get() == 0 && !COUNTS_ALL.get() && !path.getName().equals("_publishing.json")) {
            return;
        }
        if (!counted.test(path.toString())) {
            return;
        }
        int call = CALLS.incrementAndGet();
        if (call == getConf().getInt(HALT, -1)) {
            Runtime.getRuntime().halt(137);
        }
        if (call >= killAt) {
            if (throwsExceptions) {
                throw new IOException("the disk is gone");
            }
            isDead = true;
            throw new Killed();
        }
    }

    @Override
    public FSDataOutputStream create(
            Path path, boolean overwrite, int bufferSize, short replication, long blockSize, Progressable progress)
            throws IOException {
        change(path);
        return super.create(path, overwrite, bufferSize, replication, blockSize, progress);
    }

    @Override
    public boolean mkdirs(Path path) throws IOException {
        change(path);
        return super.mkdirs(path);
    }

    @Override
    public boolean rename(Path from, Path to) throws IOException {
        change(from);
        if (!pathToFile(from).isDirectory()) {
            return super.rename(from, to);
        }
        try { // as HDFS does, and as a local disk is made to: all at once, or not at all
            Files.move(pathToFile(from).toPath(), pathToFile(to).toPath(), StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (NoSuchFileException e) {
            throw new FileNotFoundException(e.getMessage());
        } catch (FileSystemException e) {
            return false;
        }
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
        change(path);
        return super.delete(path, recursive);
    }
}
