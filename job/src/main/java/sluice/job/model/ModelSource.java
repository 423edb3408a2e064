package sluice.job.model;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SeekableByteChannel;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import sluice.cell.model.ModelException;
import sluice.cell.weights.ModelDirectory;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.ModelFolder;
import sluice.job.message.RefusedException;
import sluice.job.settings.Settings;
import sluice.job.storage.HadoopChannel;
import sluice.job.storage.Storage;

/** Reads a model file from any Hadoop file system. */
final class ModelSource {
    private ModelSource() {}

    /**
     * Reads the model that the settings name.
     *
     * @param option the command-line option or setting that named the path, for messages
     * @param opened called with each file of the model before the file is read
     * @throws RefusedException if the file is missing or holds no usable model
     */
    static ModelFile read(Settings.Model settings, Configuration hadoop, String option, Consumer<FileStatus> opened) {
        FileSystem files = Storage.of(settings.path(), option, hadoop);
        Path path = Storage.path(settings.path(), option);
        try {
            FileStatus status = files.getFileStatus(path);
            if (status.isDirectory()) {
                List<String> names = Arrays.stream(files.listStatus(path))
                        .map(file -> file.getPath().getName())
                        .collect(Collectors.toList());
                throw new RefusedException(
                        path + ": " + ModelDirectory.describe(path.toString(), names, "check " + option));
            }
            try (SeekableByteChannel channel = open(files, status, opened)) {
                ModelFolder folder =
                        file -> open(files, files.getFileStatus(Storage.child(path.getParent(), file)), opened);
                ModelFile read =
                        ModelReader.read(path.toString(), channel, folder, settings.names(), settings.format());
                return settings.readout()
                        .map(readout -> read.with(read.model().readFrom(readout)))
                        .orElse(read);
            }
        } catch (FileNotFoundException e) {
            throw new RefusedException("%s: no such file; check %s".formatted(path, option), e);
        } catch (ModelException e) {
            throw new RefusedException(e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("%s: could not be read".formatted(path), e);
        }
    }

    private static SeekableByteChannel open(FileSystem files, FileStatus file, Consumer<FileStatus> opened)
            throws IOException {
        opened.accept(file);
        return new HadoopChannel(files.open(file.getPath()), file.getLen());
    }
}
