package sluice.job.api;

import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The public API of an artifact as text: each public type that a program can reach from some types, with what a program can use of it,
 * in the order of their names. A type of another artifact is named, and not listed.
 */
final class ApiListing {
    private final String ours;
    private final TreeMap<String, Class<?>> found = new TreeMap<>();
    private final Deque<Class<?>> waiting = new ArrayDeque<>();

    private ApiListing(String ours) {
        this.ours = ours;
    }

    /**
     * Lists what can be reached.
     *
     * @param ours what the names of our types begin with
     * @param roots types that a program names
     */
    static List<String> of(String ours, Collection<Class<?>> roots) {
        ApiListing listing = new ApiListing(ours);
        roots.forEach(listing::reach);
        while (!listing.waiting.isEmpty()) {
            listing.reachFrom(listing.waiting.remove());
        }
        return listing.found.values().stream().flatMap(listing::lines).toList();
    }

    private void reachFrom(Class<?> type) {
        parents(type).forEach(this::reach);
        permitted(type).forEach(this::reach);
        Arrays.stream(type.getDeclaredClasses()).filter(ApiListing::isVisible).forEach(this::reach);
        for (Executable member : executables(type)) {
            reach(member.getGenericParameterTypes());
            reach(member.getGenericExceptionTypes());
            if (member instanceof Method method) {
                reach(method.getGenericReturnType());
            }
        }
        fields(type).forEach(field -> reach(field.getGenericType()));
    }

    private void reach(Type... types) {
        for (Type type : types) {
            if (type instanceof Class<?> named) {
                Class<?> element = element(named);
                if (isOurs(element) && isVisible(element) && found.put(element.getName(), element) == null) {
                    waiting.add(element);
                }
            } else if (type instanceof ParameterizedType generic) {
                reach(generic.getRawType());
                reach(generic.getActualTypeArguments());
            } else if (type instanceof GenericArrayType array) {
                reach(array.getGenericComponentType());
            } else if (type instanceof WildcardType wildcard) {
                reach(wildcard.getUpperBounds());
                reach(wildcard.getLowerBounds());
            } else if (type instanceof TypeVariable<?> variable) {
                reach(Arrays.stream(variable.getBounds())
                        .filter(bound -> bound instanceof Class<?>) // a variable may be its own bound
                        .toArray(Type[]::new));
            } else {
                throw new AssertionError("no type of Java's: " + type);
            }
        }
    }

    private static Class<?> element(Class<?> type) {
        return type.isArray() ? element(type.getComponentType()) : type;
    }

    private boolean isOurs(Class<?> type) {
        return type.getName().startsWith(ours);
    }

    private static boolean isVisible(Class<?> type) {
        return Modifier.isPublic(type.getModifiers()) && (!type.isMemberClass() || isVisible(type.getDeclaringClass()));
    }

    private static boolean isVisible(Member member, Class<?> type) {
        boolean isForSubclasses = Modifier.isProtected(member.getModifiers()) && !Modifier.isFinal(type.getModifiers());
        return !member.isSynthetic() && (Modifier.isPublic(member.getModifiers()) || isForSubclasses);
    }

    /** The type, and those that it extends and no program can name, whose public members are the type's. */
    private List<Class<?>> withHiddenParents(Class<?> type) {
        List<Class<?>> all = new ArrayList<>();
        for (Class<?> at = type;
                at != null && (at == type || (isOurs(at) && !isVisible(at)));
                at = at.getSuperclass()) {
            all.add(at);
        }
        return all;
    }

    /** What the type extends and implements, but what each type of its sort does. */
    private List<Type> parents(Class<?> type) {
        List<Type> parents = new ArrayList<>();
        List<Class<?>> all = withHiddenParents(type);
        Class<?> above = all.get(all.size() - 1).getSuperclass();
        if (above != null && !Set.of(Object.class, Enum.class, Record.class).contains(above)) {
            parents.add(all.get(all.size() - 1).getGenericSuperclass());
        }
        for (Class<?> part : all) {
            parents.addAll(Arrays.asList(part.getGenericInterfaces()));
        }
        return parents;
    }

    private static Stream<Class<?>> permitted(Class<?> type) {
        return type.isSealed() ? Arrays.stream(type.getPermittedSubclasses()) : Stream.of();
    }

    private List<Executable> executables(Class<?> type) {
        List<Executable> members = new ArrayList<>(Arrays.asList(type.getDeclaredConstructors()));
        for (Class<?> part : withHiddenParents(type)) {
            members.addAll(Arrays.asList(part.getDeclaredMethods()));
        }
        members.removeIf(member -> !isVisible(member, type) || isOfEveryObject(member));
        return members;
    }

    private static boolean isOfEveryObject(Executable member) {
        return switch (member.getName()) {
            case "hashCode", "toString" -> member.getParameterCount() == 0;
            case "equals" -> Arrays.equals(member.getParameterTypes(), new Class<?>[] {Object.class});
            default -> false;
        };
    }

    private List<Field> fields(Class<?> type) {
        return withHiddenParents(type).stream()
                .flatMap(part -> Arrays.stream(part.getDeclaredFields()))
                .filter(field -> isVisible(field, type))
                .toList();
    }

    private Stream<String> lines(Class<?> type) {
        TreeSet<String> members = new TreeSet<>(Comparator.naturalOrder());
        executables(type).forEach(member -> members.add("  " + text(member)));
        fields(type).forEach(field -> members.add("  " + text(field)));
        return Stream.concat(Stream.of(heading(type)), members.stream());
    }

    private String heading(Class<?> type) {
        String parents = parents(type).stream().map(Type::getTypeName).sorted().collect(Collectors.joining(", "));
        String permitted = permitted(type).map(Class::getName).sorted().collect(Collectors.joining(", "));
        return type.toGenericString()
                + (parents.isEmpty() ? "" : " is " + parents)
                + (permitted.isEmpty() ? "" : " permits " + permitted);
    }

    private static String text(Executable member) {
        String owner = member.getDeclaringClass().getTypeName();
        String text = member.toGenericString().replace("synchronized ", "");
        return member instanceof Constructor<?>
                ? text.replace(owner + "(", "new(")
                : text.replace(owner + "." + member.getName() + "(", member.getName() + "(");
    }

    /** With the value of a constant, which the compiler copies into programs. */
    private static String text(Field field) {
        String text = field.toGenericString()
                .replace(field.getDeclaringClass().getTypeName() + "." + field.getName(), field.getName());
        Class<?> type = field.getType();
        int modifiers = field.getModifiers();
        if (!Modifier.isStatic(modifiers) || !(type.isPrimitive() || type == String.class)) {
            return text;
        }
        try {
            return text + " = " + field.get(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError(field + " is public, in a public type", e);
        }
    }
}
