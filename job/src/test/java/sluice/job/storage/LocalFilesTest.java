package sluice.job.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files and directories get the modes that Hadoop's own local file system gives them. */
class LocalFilesTest {
    private final Configuration settings = new Configuration();

    @TempDir
    private java.nio.file.Path directory;

    private FileSystem ours;
    private FileSystem hadoops;

    @BeforeEach
    void openBoth() throws IOException {
        ours = open(new LocalFiles());
        hadoops = open(new LocalFileSystem());
    }

    private FileSystem open(FileSystem files) throws IOException {
        files.initialize(URI.create("file:///"), settings);
        return files;
    }

    private static int mode(java.nio.file.Path file) throws IOException {
        return (int) Files.getAttribute(file, "unix:mode");
    }

    private Path path(String name) {
        return new Path(directory.resolve(name).toUri());
    }

    @ParameterizedTest
    @ValueSource(strings = {"022", "077", "007"})
    void newFilesHaveTheModeOfHadoops(String mask) throws IOException {
        settings.set(FsPermission.UMASK_LABEL, mask);
        for (FileSystem files : new FileSystem[] {open(new LocalFiles()), open(new LocalFileSystem())}) {
            String name = files instanceof LocalFiles ? "ours" : "hadoops";
            files.mkdirs(path(name + "/a/b"));
            files.create(path(name + "/a/b/file")).close();
        }
        for (String file : new String[] {"", "/a", "/a/b", "/a/b/file", "/a/b/.file.crc"}) {
            assertThat(mode(directory.resolve("ours" + file)))
                    .as(file)
                    .isEqualTo(mode(directory.resolve("hadoops" + file)));
        }
    }

    @ParameterizedTest
    @ValueSource(shorts = {0, 0111, 0400, 0644, 0640, 0755, 0777, 01777})
    void aModeIsSet(short mode) throws IOException {
        for (String name : new String[] {"ours", "hadoops"}) {
            Files.createDirectory(directory.resolve(name));
            Files.createFile(directory.resolve(name + ".file"));
        }
        FsPermission permission = new FsPermission(mode);
        ours.setPermission(path("ours"), permission);
        ours.setPermission(path("ours.file"), permission);
        hadoops.setPermission(path("hadoops"), permission);
        hadoops.setPermission(path("hadoops.file"), permission);
        assertThat(mode(directory.resolve("ours"))).isEqualTo(mode(directory.resolve("hadoops")));
        assertThat(mode(directory.resolve("ours.file"))).isEqualTo(mode(directory.resolve("hadoops.file")));
    }

    /** A directory of a team, whose new files have the team as their group. */
    @Test
    void theGroupOfADirectoryIsKept() throws IOException {
        java.nio.file.Path team = Files.createDirectory(directory.resolve("team"));
        Files.setAttribute(team, "unix:mode", 02775);
        assertThat(mode(team) & 07777).isEqualTo(02775);
        ours.mkdirs(path("team/scores/part"));
        assertThat(mode(team.resolve("scores/part")) & 07777).isEqualTo(02755);
    }

    @Test
    void aMissingFileHasNoMode() {
        assertThatThrownBy(() -> ours.setPermission(path("missing"), new FsPermission((short) 0644)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("missing");
    }

    /** Hadoop's own status starts a program for the mode and the owner, and reads them when it is asked. */
    private static List<Object> statusOf(FileStatus status) {
        return List.of(
                status.getPath(),
                status.getLen(),
                status.isDirectory(),
                status.isSymlink(),
                status.getModificationTime(),
                status.getBlockSize(),
                status.getPermission(),
                status.getOwner(),
                status.getGroup());
    }

    @Test
    void aStatusIsThatOfHadoops() throws IOException {
        Files.writeString(directory.resolve("file"), "text");
        Files.createSymbolicLink(directory.resolve("link"), directory.resolve("file"));
        Files.createSymbolicLink(directory.resolve("dangling"), directory.resolve("missing"));
        Files.setAttribute(Files.createDirectory(directory.resolve("sticky")), "unix:mode", 01770);
        for (String name : new String[] {"file", "link", "sticky", ""}) {
            assertThat(statusOf(ours.getFileStatus(path(name)))).isEqualTo(statusOf(hadoops.getFileStatus(path(name))));
            assertThat(statusOf(ours.getFileLinkStatus(path(name))))
                    .isEqualTo(statusOf(hadoops.getFileLinkStatus(path(name))));
        }
        for (String name : new String[] {"missing", "dangling"}) {
            assertThat(catchThrowable(() -> ours.getFileStatus(path(name)))).isInstanceOf(FileNotFoundException.class);
            assertThat(catchThrowable(() -> ours.getFileLinkStatus(path(name))))
                    .isInstanceOf(FileNotFoundException.class);
        }
    }

    @Test
    void theNewerApiUsesItToo() throws IOException {
        settings.set("fs.AbstractFileSystem.file.impl", LocalFiles.OfContext.class.getName());
        FileContext context = FileContext.getFileContext(URI.create("file:///"), settings);
        Path withColon = new Path(new Path(directory.toUri()), new Path(null, null, "./made: here"));
        context.mkdir(withColon, new FsPermission((short) 0750), true);
        assertThat(mode(directory.resolve("made: here")) & 0777).isEqualTo(0750);
        assertThat(context.getDefaultFileSystem()).isInstanceOf(LocalFiles.OfContext.class);
    }
}
