package sluice.cell.weights.torch;

import sluice.cell.weights.file.NameList;

/**
 * A value that the pickle builds with a class or function of Python other than those of {@link PickledCall}. It is never
 * imported, created or called: only its name is kept, and everything that is put into it is dropped.
 *
 * @param module module of the class or function
 * @param isTensor whether it stands for a tensor: it was built from a storage or a tensor, or by a function that only builds
 *     tensors
 */
record PickledObject(String module, String name, boolean isTensor) {
    /** Longest name that is looked up among the known ones; longer names are unknown. */
    static final int MAX_NAME_CHARACTERS = 200;

    /** A tensor that is to be negated or conjugated when it is read. */
    static final PickledObject LAZY_TENSOR = new PickledObject("torch._utils", "_rebuild_tensor_v2", true);

    /** A class or function that the pickle names. */
    static PickledObject named(String module, String name) {
        return new PickledObject(module, name, module.equals("torch._utils") || module.equals("torch._tensor"));
    }

    /** An object of a type that every Python has: {@code set}, {@code bytes}. */
    static PickledObject builtin(String type) {
        return new PickledObject("builtins", type, false);
    }

    PickledObject asTensor() {
        return isTensor ? this : new PickledObject(module, name, true);
    }

    /** Module and name, for messages: {@code collections.Counter}. */
    String qualifiedName() {
        return NameList.shortened(module) + "." + NameList.shortened(name);
    }

    /** Whether it is of a class by its name: Python writes those of functions in lower case. */
    boolean isClass() {
        return !name.isEmpty() && Character.isUpperCase(name.charAt(0));
    }

    /** Whether it is an array of NumPy. */
    boolean isArray() {
        return isOfNumpy() && (name.equals("_reconstruct") || name.equals("_frombuffer"));
    }

    /** Whether it is a number of NumPy. */
    boolean isNumber() {
        return isOfNumpy() && name.equals("scalar");
    }

    /** Whether it is the shape of a tensor. */
    boolean isSize() {
        return module.equals("torch") && name.equals("Size");
    }

    private boolean isOfNumpy() {
        return module.startsWith("numpy.");
    }
}
