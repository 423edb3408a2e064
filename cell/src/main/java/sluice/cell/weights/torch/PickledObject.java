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

    /** A class or function that the pickle names. */
    static PickledObject named(String module, String name) {
        return new PickledObject(module, name, module.equals("torch._utils") || module.equals("torch._tensor"));
    }

    /** An object of a type that every Python has: {@code set}, {@code bytes}. */
    static PickledObject builtin(String type) {
        return new PickledObject("builtins", type, false);
    }

    /** Whether it stands for an array of NumPy. */
    boolean isArray() {
        return module.startsWith("numpy") && name.equals("_reconstruct");
    }

    PickledObject asTensor() {
        return isTensor ? this : new PickledObject(module, name, true);
    }

    /** Module and name, for messages: {@code collections.Counter}. */
    String qualifiedName() {
        return NameList.shortened(module) + "." + NameList.shortened(name);
    }
}
