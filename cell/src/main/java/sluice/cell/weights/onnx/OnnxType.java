package sluice.cell.weights.onnx;

import java.util.Arrays;
import java.util.Optional;
import sluice.cell.weights.file.ElementType;

/** Element types of ONNX tensors: {@code TensorProto.DataType}, with its names and numbers. */
enum OnnxType {
    FLOAT(1, ElementType.F32),
    UINT8(2, ElementType.U8),
    INT8(3, ElementType.I8),
    UINT16(4, ElementType.U16),
    INT16(5, ElementType.I16),
    INT32(6, ElementType.I32),
    INT64(7, ElementType.I64),
    STRING(8, null),
    BOOL(9, ElementType.BOOL),
    FLOAT16(10, ElementType.F16),
    DOUBLE(11, ElementType.F64),
    UINT32(12, ElementType.U32),
    UINT64(13, ElementType.U64),
    COMPLEX64(14, null),
    COMPLEX128(15, null),
    BFLOAT16(16, ElementType.BF16);

    private final int number;
    private final ElementType element; // null if values of this type are never read

    OnnxType(int number, ElementType element) {
        this.number = number;
        this.element = element;
    }

    static Optional<OnnxType> numbered(long number) {
        return Arrays.stream(values()).filter(type -> type.number == number).findFirst();
    }

    /** Whether values of this type can be weights. */
    boolean isFloat() {
        return element != null && element.isWeight();
    }

    /** Whether values of this type can be sizes or indices. */
    boolean isInteger() {
        return this == INT64 || this == INT32 || this == BOOL;
    }

    /** Whether its values are whole numbers, such as tokens. */
    boolean isWhole() {
        return switch (this) {
            case UINT8, INT8, UINT16, INT16, INT32, INT64, UINT32, UINT64, BOOL -> true;
            default -> false;
        };
    }

    /** Whether it has 16 bits: results are rounded to two or three digits. */
    boolean isHalf() {
        return this == FLOAT16 || this == BFLOAT16;
    }

    /** Number of the typed field, which holds the values if {@code raw_data} does not. */
    int field() {
        return switch (this) {
            case FLOAT -> 4;
            case DOUBLE -> 10;
            case INT64 -> 7;
            default -> 5;
        };
    }

    /** Whether the typed field holds varints instead of 4 or 8 bytes per value. */
    boolean isVarint() {
        return this != FLOAT && this != DOUBLE;
    }

    /** The encoding of values in {@code raw_data}; null if not supported. */
    ElementType element() {
        return element;
    }
}
