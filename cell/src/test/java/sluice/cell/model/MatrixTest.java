package sluice.cell.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MatrixTest {
    @Test
    void isRowMajor() {
        Matrix matrix = Matrix.of(2, 3, new float[] {1, 2, 3, 4, 5, 6});
        assertThat(matrix.at(0, 2)).isEqualTo(3);
        assertThat(matrix.at(1, 0)).isEqualTo(4);
        assertThat(matrix).hasToString("(2, 3)");
    }

    @Test
    void aBlockOfRowsIsACopy() {
        Matrix matrix = Matrix.of(3, 2, new float[] {1, 2, 3, 4, 5, 6});
        Matrix block = matrix.rowBlock(1, 2);
        assertThat(block).hasToString("(2, 2)");
        assertThat(block.values()).containsExactly(3, 4, 5, 6);
        block.values()[0] = 9;
        assertThat(matrix.at(1, 0)).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "3, 0", "-1, 2"})
    void hasAtLeastOneRowAndColumn(int rows, int columns) {
        assertThatThrownBy(() -> Matrix.of(rows, columns, new float[0]))
                .isInstanceOf(ModelException.class)
                .hasMessage("a matrix of shape (%d, %d): expected at least one row and one column", rows, columns);
    }

    @Test
    void hasTheNumberOfValuesOfItsShape() {
        assertThatThrownBy(() -> Matrix.of(2, 3, new float[5]))
                .isInstanceOf(ModelException.class)
                .hasMessage("a matrix of shape (2, 3) over 5 values: expected 6");
        assertThatThrownBy(() -> Matrix.of(1 << 16, 1 << 16, new float[0]))
                .isInstanceOf(ModelException.class)
                .hasMessage("a matrix of shape (65536, 65536) over 0 values: expected 4294967296");
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void isFinite(float value) {
        assertThatThrownBy(() -> Matrix.of(1, 3, new float[] {1, value, 3}))
                .isInstanceOf(ModelException.class)
                .hasMessage("a matrix of shape (1, 3) holds " + value
                        + " at index 1: weights must be finite numbers; train or export it again");
    }
}
