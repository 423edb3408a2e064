package sluice.job;

import java.net.URI;
import org.apache.hadoop.fs.Path;

/** A file system of Hadoop that is not the local one, though its files lie there: what is to become {@code stuck} can't be renamed. */
public final class OtherFileSystem extends LocalFiles.Raw {
    /** The setting that makes it known to Hadoop, and its value. */
    static final String SETTING = "fs.other.impl";

    @Override
    public URI getUri() {
        return URI.create("other:///");
    }

    @Override
    public boolean rename(Path from, Path to) {
        return !from.getName().startsWith(".stuck.staging-") && pathToFile(from).renameTo(pathToFile(to));
    }
}
