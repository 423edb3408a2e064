package sluice.job.output;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.GlobExpander;
import org.apache.hadoop.fs.GlobPattern;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import sluice.job.storage.Storage;

/**
 * A path in a form that can be compared: the root of its file system, and the names of the directories below it. On a local disk symbolic
 * links are resolved. Names of an input may be patterns. Upper and lower case differ, as they do on HDFS and in object stores.
 */
final class Place {
    private static final int HDFS_PORT = 8020; // the default, which hdfs://host and hdfs://host:8020 share

    private final String given;
    private final String root;
    private final List<Name> names;

    /** A name, or a pattern of names if {@code pattern} is not null. */
    private record Name(String literal, GlobPattern pattern) {
        static Name of(String name) {
            return new Name(name, null);
        }

        /** Two patterns may match the same name. */
        boolean matches(Name other) {
            if (pattern == null && other.pattern == null) {
                return literal.equals(other.literal);
            }
            return pattern == null ? other.matches(this) : other.pattern != null || pattern.matches(other.literal);
        }
    }

    /** How a place lies to another. */
    enum Relation {
        APART("is apart from"),
        SAME("is also"),
        IN("lies in"),
        HOLDS("holds");

        private final String words;

        Relation(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    private Place(String given, String root, List<Name> names) {
        this.given = given;
        this.root = root;
        this.names = names;
    }

    /**
     * The place of a path that is no pattern.
     *
     * @param option the option or setting that gave the path, for messages
     */
    static Place of(String given, String option, Configuration hadoop) {
        Path path = Storage.qualified(given, option, hadoop);
        return new Place(given, root(path), literals(path, Storage.of(given, option, hadoop)));
    }

    /** The places of a path that may be a pattern, as Hadoop reads it. */
    static List<Place> ofPattern(String given, String option, Configuration hadoop) {
        List<Place> places = new ArrayList<>();
        for (String alternative : alternatives(given)) {
            FileSystem files = Storage.of(alternative, option, hadoop);
            Path path = Storage.qualified(alternative, option, hadoop);
            Path fixed = path;
            List<Name> patterns = new ArrayList<>();
            for (Path at = path; at != null && at.getParent() != null; at = at.getParent()) {
                Name name = patternOrName(at.getName());
                if (name.pattern() != null) {
                    fixed = at.getParent();
                    patterns = namesBelow(fixed, path);
                }
            }
            List<Name> names = new ArrayList<>(literals(Storage.path(unescaped(fixed.toString()), option), files));
            names.addAll(patterns);
            places.add(new Place(given, root(path), names));
        }
        return places;
    }

    private static List<String> alternatives(String given) {
        try {
            return GlobExpander.expand(given);
        } catch (IOException e) { // no pattern: reading it gives the better message
            return List.of(given);
        }
    }

    private static List<Name> namesBelow(Path fixed, Path path) {
        List<Name> names = new ArrayList<>();
        for (Path at = path; !at.equals(fixed); at = at.getParent()) {
            names.add(0, patternOrName(at.getName()));
        }
        return names;
    }

    private static Name patternOrName(String name) {
        GlobPattern pattern = pattern(name);
        return pattern.hasWildcard() ? new Name(name, pattern) : Name.of(unescaped(name));
    }

    private static GlobPattern pattern(String name) {
        try {
            return new GlobPattern(name);
        } catch (RuntimeException e) { // a broken pattern, which reading the input reports: it may match anything
            return new GlobPattern("*");
        }
    }

    private static String unescaped(String name) {
        return name.replaceAll("\\\\(.)", "$1");
    }

    private static String root(Path path) {
        String scheme = Objects.requireNonNullElse(path.toUri().getScheme(), "").toLowerCase(Locale.ROOT);
        String authority =
                Objects.requireNonNullElse(path.toUri().getAuthority(), "").toLowerCase(Locale.ROOT);
        boolean isDefault = scheme.equals("hdfs") && path.toUri().getPort() == HDFS_PORT;
        return scheme + "://" + (isDefault ? authority.substring(0, authority.lastIndexOf(':')) : authority);
    }

    private static List<Name> literals(Path path, FileSystem files) {
        return Arrays.stream(onDisk(path, files).split("/"))
                .filter(name -> !name.isEmpty())
                .map(Name::of)
                .toList();
    }

    /** The path with symbolic links resolved if it lies on a local disk. What does not exist yet has no links. */
    private static String onDisk(Path path, FileSystem files) {
        File file = null;
        if (files instanceof LocalFileSystem disk) {
            file = disk.pathToFile(path);
        } else if (files instanceof RawLocalFileSystem disk) {
            file = disk.pathToFile(path);
        }
        for (java.nio.file.Path at = file == null ? null : file.toPath(); at != null; at = at.getParent()) {
            if (Files.exists(at)) {
                try {
                    return at.toRealPath().resolve(at.relativize(file.toPath())).toString();
                } catch (IOException e) { // a directory without permission: the path as it is written
                    break;
                }
            }
        }
        return path.toUri().getPath();
    }

    /** How this place lies to the other one. */
    Relation to(Place other) {
        if (!root.equals(other.root)) {
            return Relation.APART;
        }
        int common = Math.min(names.size(), other.names.size());
        for (int at = 0; at < common; at++) {
            if (!names.get(at).matches(other.names.get(at))) {
                return Relation.APART;
            }
        }
        if (names.size() == other.names.size()) {
            return Relation.SAME;
        }
        return names.size() > other.names.size() ? Relation.IN : Relation.HOLDS;
    }

    /** Whether the path is a pattern. */
    boolean isPattern() {
        return names.stream().anyMatch(name -> name.pattern() != null);
    }

    /** The normal form of the path, by which two paths to the same place are equal. */
    String normal() {
        return names.stream().map(Name::literal).reduce(root, (path, name) -> path + "/" + name);
    }

    /** The path as the user wrote it. */
    @Override
    public String toString() {
        return given;
    }
}
