package sluice.cell.weights;

import sluice.cell.weights.file.FileKind;

/** Whose reader takes a model file. */
public enum ModelFormat {
    /** That of the format which the file's content tells. */
    AUTO,
    /** Safetensors, or the index of several. */
    SAFETENSORS,
    /** A PyTorch checkpoint. */
    PYTORCH,
    /** An ONNX model. */
    ONNX,
    /** A Keras model: a {@code .keras} archive, or HDF5. */
    KERAS;

    /** @param content what the file's first bytes look like: it decides between the forms that one format has */
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
