package sluice.job.launch;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.apache.xbean.asm9.ClassReader;
import org.apache.xbean.asm9.ClassVisitor;
import org.apache.xbean.asm9.FieldVisitor;
import org.apache.xbean.asm9.Handle;
import org.apache.xbean.asm9.MethodVisitor;
import org.apache.xbean.asm9.Opcodes;

/**
 * Holds a jar that was compiled against one Spark against the jars of another: each class, method and field that it names has to be there,
 * as a {@link NoSuchMethodError} comes only when the call is made.
 */
final class SparkLinkage implements AutoCloseable {
    /** Nothing of Spark's, and not seen by the class loader here. */
    private static final String VECTOR_API = "jdk/incubator/vector/";

    private final URLClassLoader spark;
    private final Map<String, Optional<Members>> classes = new HashMap<>();
    private final Set<String> missing = new TreeSet<>();
    private int references;

    private SparkLinkage(URLClassLoader spark) {
        this.spark = spark;
    }

    /** What a class has, and where else to look. */
    private record Members(boolean isInterface, List<String> parents, Set<String> names) {}

    /**
     * What a jar's classes name and can't find.
     *
     * @param home an installation of Spark
     * @param named which of the jar's classes are looked at, and which it may do without
     */
    static Set<String> missing(Path jar, Path home, String named, Set<String> optional) throws IOException {
        List<URL> urls = new ArrayList<>(List.of(jar.toUri().toURL()));
        try (Stream<Path> jars = Files.list(home.resolve("jars"))) {
            for (Path path : jars.toList()) {
                urls.add(path.toUri().toURL());
            }
        }
        URLClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
        try (SparkLinkage linkage = new SparkLinkage(loader);
                JarFile file = new JarFile(jar.toFile())) {
            for (JarEntry entry : Collections.list(file.entries())) {
                if (entry.getName().startsWith(named) && entry.getName().endsWith(".class")) {
                    try (InputStream bytes = file.getInputStream(entry)) {
                        linkage.check(new ClassReader(bytes));
                    }
                }
            }
            if (linkage.references == 0) {
                throw new IllegalStateException("%s: no class below %s".formatted(jar, named));
            }
            linkage.missing.removeIf(name -> optional.stream().anyMatch(name::startsWith));
            return linkage.missing;
        }
    }

    private void check(ClassReader reader) {
        reader.accept(
                new ClassVisitor(Opcodes.ASM9) {
                    @Override
                    public MethodVisitor visitMethod(
                            int access, String name, String type, String signature, String[] exceptions) {
                        return new Calls();
                    }
                },
                ClassReader.SKIP_DEBUG);
    }

    /** Asks for all that a method's code names. */
    private final class Calls extends MethodVisitor {
        private Calls() {
            super(Opcodes.ASM9);
        }

        @Override
        public void visitTypeInsn(int code, String type) {
            require(type, "");
        }

        @Override
        public void visitFieldInsn(int code, String owner, String name, String type) {
            require(owner, name + " " + type);
        }

        @Override
        public void visitMethodInsn(int code, String owner, String name, String type, boolean isInterface) {
            require(owner, name + " " + type);
            requireKind(owner, isInterface);
        }

        @Override
        public void visitInvokeDynamicInsn(String name, String type, Handle bootstrap, Object... arguments) {
            for (Object argument : arguments) {
                if (argument instanceof Handle handle) {
                    require(handle.getOwner(), handle.getName() + " " + handle.getDesc());
                }
            }
        }
    }

    private void require(String owner, String member) {
        // Arrays have what Object has.
        if (owner.startsWith("[") || owner.startsWith(VECTOR_API)) {
            return;
        }
        references++;
        try {
            if (!has(owner, member)) {
                missing.add((owner + " " + member).strip());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The call of a class's method fails where the class has become an interface, and the other way round. */
    private void requireKind(String owner, boolean isInterface) {
        Optional<Members> found = classes.getOrDefault(owner, Optional.empty());
        if (found.isPresent() && found.get().isInterface() != isInterface) {
            missing.add(owner + (isInterface ? " as an interface" : " as a class"));
        }
    }

    private boolean has(String owner, String member) throws IOException {
        Optional<Members> found = classes.get(owner);
        if (found == null) {
            found = read(owner);
            classes.put(owner, found);
        }
        if (found.isEmpty() || member.isEmpty() || found.get().names().contains(member)) {
            return found.isPresent();
        }
        for (String parent : found.get().parents()) {
            if (has(parent, member)) {
                return true;
            }
        }
        return false;
    }

    private Optional<Members> read(String name) throws IOException {
        try (InputStream bytes = spark.getResourceAsStream(name + ".class")) {
            if (bytes == null) {
                return Optional.empty();
            }
            ClassReader reader = new ClassReader(bytes);
            List<String> parents = new ArrayList<>(List.of(reader.getInterfaces()));
            if (reader.getSuperName() != null) {
                parents.add(reader.getSuperName());
            }
            Set<String> members = new HashSet<>();
            reader.accept(
                    new ClassVisitor(Opcodes.ASM9) {
                        @Override
                        public MethodVisitor visitMethod(
                                int access, String method, String type, String signature, String[] exceptions) {
                            members.add(method + " " + type);
                            return null;
                        }

                        @Override
                        public FieldVisitor visitField(
                                int access, String field, String type, String signature, Object value) {
                            members.add(field + " " + type);
                            return null;
                        }
                    },
                    ClassReader.SKIP_CODE);
            return Optional.of(new Members((reader.getAccess() & Opcodes.ACC_INTERFACE) != 0, parents, members));
        }
    }

    @Override
    public void close() throws IOException {
        spark.close();
    }
}
