package sluice.cell.weights;

import sluice.cell.weights.file.FileKind;

/** The format of a model file, as the user names it: it selects the reader. */
public enum ModelFormat {
    /** Detect the format from the first bytes of the file. */
    AUTO,
    /** One safetensors file, or the JSON index of a model in several safetensors files. */
    SAFETENSORS,
    /** A PyTorch checkpoint. */
    PYTORCH,
    /** An ONNX model. */
    ONNX,
    /** A Keras model: a {@code .keras} archive, or HDF5. */
    KERAS;

    /**
     * The kind of file that the reader has to expect.
     *
     * @param content the kind detected from the first bytes; selects the variant if the format has several
     */
    FileKind kind(FileKind content) {
        return switch (this) {
            case AUTO -> content;
            case SAFETENSORS -> content == FileKind.JSON ? FileKind.JSON : FileKind.SAFETENSORS;
            case PYTORCH -> FileKind.PYTORCH;
            case ONNX -> FileKind.ONNX;
            case KERAS -> content == FileKind.HDF5 ? FileKind.HDF5 : FileKind.KERAS;
        };
    }
}
