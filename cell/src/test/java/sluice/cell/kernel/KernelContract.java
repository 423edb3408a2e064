package sluice.cell.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static sluice.cell.SameBits.same;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import sluice.cell.Samples;
import sluice.cell.model.CellVariant;
import sluice.cell.model.Gate;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.Matrix;

/**
 * The contract of all kernels: the bits of {@link NaiveKernel}, at all sizes around the edges of tiles, panels and vectors.
 *
 * <p>Each test uses one kernel for all sizes, from large to small, so that the scratch has stale values of a larger shape. Whole tables
 * are compared, so that a write out of range is found.
 */
abstract class KernelContract {
    /** Sizes around units of a panel (16), columns (64), rows of a tile (6), and lanes (4, 8, 16). */
    private static final int[] SIZES = {129, 65, 64, 63, 33, 31, 17, 16, 15, 7, 6, 5, 2, 1};

    /** Numbers of sequences in a step. */
    private static final int[] COUNTS = {13, 12, 7, 6, 5, 2, 1};

    /** Numbers of rows around a band (24) and around the rows packed together (384), with all remainders of a tile. */
    private static final int[] LARGE_COUNTS = {772, 770, 385, 384, 383, 28, 26, 25, 24, 23};

    /** Numbers of rows around the group of a variant's step (48). */
    private static final int[] MANY_COUNTS = {97, 96, 49, 48, 47, 6, 1};

    private static final int[] FEW_SIZES = {65, 17, 16, 5, 1};

    /** Sentinel at places that must not be written; no kernel computes this value. */
    private static final float SENTINEL = 3e38f;

    /** Unused rows before the first used row, so that no offset is 0. */
    private static final int FIRST_ROW = 1;

    /** Scales integers into the range where gates vary; all their sums stay exact. */
    private static final float INPUT_SCALE = 0x1p-4f;

    private static final float WEIGHT_SCALE = 0x1p-6f;

    /** A new kernel under test. */
    abstract Kernel kernel();

    @Test
    void multiplyIsExactOnIntegers() {
        Kernel kernel = kernel();
        for (int outputs : SIZES) {
            for (int inputs : SIZES) {
                Samples samples = new Samples(1000L * outputs + inputs);
                Matrix matrix = Matrix.of(outputs, inputs, samples.integers(outputs * inputs));
                float[] bias = samples.integers(outputs);
                Multiplication todo = new Multiplication(samples, LinearPanels.of(matrix, bias), 0, outputs, 7);
                todo.fillInput(samples.integers(todo.input.length));
                float[] expected = todo.result.clone();
                todo.forEach((row, output) -> expected[todo.resultOffsets[row] + output] =
                        exact(bias[output], matrix, output, todo.input, todo.inputOffsets[row], 1));
                todo.run(kernel);
                same(String.format(Locale.ROOT, "%d outputs of %d inputs", outputs, inputs), todo.result, expected);
            }
        }
    }

    @Test
    void multiplyEqualsOneOutputAtATime() {
        Kernel kernel = kernel();
        for (int outputs : SIZES) {
            for (int inputs : FEW_SIZES) {
                for (int count : COUNTS) {
                    Samples samples = new Samples(1000L * outputs + 10L * inputs + count);
                    Matrix matrix = samples.matrix(outputs, inputs, 1);
                    LinearPanels map = LinearPanels.of(matrix, samples.floats(outputs, 1));
                    Multiplication todo = new Multiplication(samples, map, 0, outputs, count);
                    todo.assertEqualsOneOutputAtATime(kernel, matrix);
                }
            }
        }
    }

    @Test
    void multiplyOfManyRowsEqualsOneOutputAtATime() {
        Kernel kernel = kernel();
        for (int count : LARGE_COUNTS) {
            Samples samples = new Samples(count);
            Matrix matrix = samples.matrix(65, 5, 1);
            LinearPanels map = LinearPanels.of(matrix, samples.floats(65, 1));
            new Multiplication(samples, map, 0, 65, count).assertEqualsOneOutputAtATime(kernel, matrix);
        }
    }

    @Test
    void multiplyTakesAnyRangeOfPanels() {
        Kernel kernel = kernel();
        for (int outputs : new int[] {257, 256, 129, 128}) {
            Samples samples = new Samples(outputs);
            Matrix matrix = samples.matrix(outputs, 17, 1);
            LinearPanels map = LinearPanels.of(matrix, samples.floats(outputs, 1));
            for (int first = 0; first < outputs; first += LinearPanels.COLUMNS) {
                for (int count = LinearPanels.COLUMNS; count < outputs - first; count += LinearPanels.COLUMNS) {
                    new Multiplication(samples, map, first, count, 7).assertEqualsOneOutputAtATime(kernel, matrix);
                }
                new Multiplication(samples, map, first, outputs - first, 7)
                        .assertEqualsOneOutputAtATime(kernel, matrix);
            }
        }
    }

    @Test
    void multiplyOfNoRowsWritesNothing() {
        Samples samples = new Samples(1);
        LinearPanels map = LinearPanels.of(samples.matrix(5, 3, 1), samples.floats(5, 1));
        float[] result = {SENTINEL};
        kernel().multiply(map, 0, 5, new float[0], new int[0], 0, result, new int[0]);
        assertThat(result).containsExactly(SENTINEL);
    }

    @Test
    void stepOfManyRowsEqualsTheNaiveKernel() {
        Kernel kernel = kernel();
        for (int count : LARGE_COUNTS) {
            for (int hidden : new int[] {33, 16}) {
                Samples samples = new Samples(1000L * hidden + count);
                Step step = new Step(samples, samples.direction(5, hidden), count);
                step.assertEqualsNaive(kernel, String.format(Locale.ROOT, "H=%d rows=%d", hidden, count));
            }
        }
    }

    /** Integers make pre-activations exact, so this holds for any order of summation. */
    @Test
    void stepIsExactOnIntegers() {
        Kernel kernel = kernel();
        for (int hidden : SIZES) {
            for (int inputs : SIZES) {
                Samples samples = new Samples(1000L * hidden + inputs);
                LstmDirection direction = LstmDirection.plain(
                        wholeNumbers(samples, Gate.COUNT * hidden, inputs),
                        wholeNumbers(samples, Gate.COUNT * hidden, hidden),
                        scaled(samples.integers(Gate.COUNT * hidden), INPUT_SCALE * WEIGHT_SCALE));
                Step step = new Step(samples, direction, 7);
                step.fillStates(scaled(samples.integers(step.hidden.length), INPUT_SCALE));
                step.fillInput(scaled(samples.integers(step.input.length), INPUT_SCALE));
                Step expected = step.copy();
                expected.runExactly();
                step.run(kernel, GatePanels.of(direction));
                step.assertSame(String.format(Locale.ROOT, "H=%d I=%d", hidden, inputs), expected);
            }
        }
    }

    @Test
    void stepEqualsTheNaiveKernel() {
        Kernel kernel = kernel();
        for (int hidden : SIZES) {
            for (int inputs : FEW_SIZES) {
                for (int count : COUNTS) {
                    Samples samples = new Samples(1000L * hidden + 10L * inputs + count);
                    Step step = new Step(samples, samples.direction(inputs, hidden), count);
                    step.assertEqualsNaive(
                            kernel, String.format(Locale.ROOT, "H=%d I=%d rows=%d", hidden, inputs, count));
                }
            }
        }
    }

    @Test
    void stepOfAProjectedCellEqualsTheNaiveKernel() {
        Kernel kernel = kernel();
        for (int hidden : SIZES) {
            for (int shown : FEW_SIZES) {
                Samples samples = new Samples(1000L * hidden + shown);
                Step step = new Step(samples, samples.projected(3, hidden, shown), 7);
                step.assertEqualsNaive(kernel, String.format(Locale.ROOT, "H=%d P=%d", hidden, shown));
            }
        }
    }

    /** Without a projection a step reads h from the table that it writes h to. */
    @Test
    void stepMayReadAndWriteOneTable() {
        Kernel kernel = kernel();
        for (int hidden : SIZES) {
            Samples samples = new Samples(hidden);
            Step step = new Step(samples, samples.direction(5, hidden), 13);
            step.shown = step.hidden;
            step.assertEqualsNaive(kernel, String.format(Locale.ROOT, "H=%d in place", hidden));
        }
    }

    @Test
    void oneHotStepStartsAtBiasPlusColumn() {
        Kernel kernel = kernel();
        for (int hidden : SIZES) {
            for (int tokens : FEW_SIZES) {
                Samples samples = new Samples(1000L * hidden + tokens);
                LstmDirection direction = samples.direction(tokens, hidden);
                Step step = new Step(samples, direction, 7);
                step.feedTokens(samples.tokens(7, tokens));
                Step expected = step.copy();
                NaiveKernel.step(
                        direction, true, step.rows, step.input, expected.hidden, expected.cell, expected.shown);
                step.run(kernel, GatePanels.oneHot(direction));
                step.assertSame(String.format(Locale.ROOT, "H=%d tokens=%d", hidden, tokens), expected);
            }
        }
    }

    /** So the engine may use a lookup or a multiplication. */
    @Test
    void oneHotStepEqualsTheMultiplication() {
        Kernel kernel = kernel();
        int tokens = 17;
        for (int hidden : SIZES) {
            Samples samples = new Samples(hidden);
            LstmDirection direction = samples.direction(tokens, hidden);
            Step looked = new Step(samples, direction, 13);
            looked.feedTokens(samples.tokens(13, tokens));
            Step multiplied = looked.copy();
            multiplied.input = new float[tokens * tokens];
            for (int row = 0; row < looked.rows.count; row++) {
                int token = looked.rows.start[row];
                multiplied.rows.start[row] = 0;
                multiplied.rows.input[row] = token;
                multiplied.input[token * tokens + token] = 1;
            }
            looked.run(kernel, GatePanels.oneHot(direction));
            multiplied.run(kernel, GatePanels.of(direction));
            looked.assertSame(String.format(Locale.ROOT, "H=%d", hidden), multiplied);
        }
    }

    @Test
    void stepOfNoRowsWritesNothing() {
        Samples samples = new Samples(1);
        Step step = new Step(samples, samples.direction(3, 17), 5);
        step.rows.clear();
        Step before = step.copy();
        step.run(kernel(), GatePanels.of(step.direction));
        step.assertSame("no rows", before);
    }

    @Test
    void preActivationsEqualTheNaiveKernel() {
        Kernel kernel = kernel();
        for (int hidden : SIZES) {
            for (int inputs : FEW_SIZES) {
                for (int count : COUNTS) {
                    Samples samples = new Samples(1000L * hidden + 10L * inputs + count);
                    new Step(samples, samples.direction(inputs, hidden), count).assertPreActivations(kernel);
                }
            }
        }
    }

    @Test
    void stepOfAVariantEqualsTheNaiveKernel() {
        VariantStep step = new VariantStep(kernel());
        for (int hidden : SIZES) {
            for (int inputs : FEW_SIZES) {
                for (int count : MANY_COUNTS) {
                    Samples samples = new Samples(1000L * hidden + 10L * inputs + count);
                    LstmDirection direction = samples.direction(inputs, hidden).with(samples.anyVariant(hidden));
                    new Step(samples, direction, count).assertEqualsNaive(step);
                }
            }
        }
    }

    @Test
    void stepOfAProjectedVariantEqualsTheNaiveKernel() {
        VariantStep step = new VariantStep(kernel());
        for (int hidden : SIZES) {
            Samples samples = new Samples(hidden);
            LstmDirection direction = samples.projected(3, hidden, 2).with(samples.anyVariant(hidden));
            new Step(samples, direction, 7).assertEqualsNaive(step);
        }
    }

    @Test
    void stepOfAVariantMayReadAndWriteOneTable() {
        VariantStep variantStep = new VariantStep(kernel());
        for (int hidden : SIZES) {
            Samples samples = new Samples(hidden);
            Step step = new Step(samples, samples.direction(5, hidden).with(samples.anyVariant(hidden)), 97);
            step.shown = step.hidden;
            step.assertEqualsNaive(variantStep);
        }
    }

    @Test
    void gatesOfAStepEqualTheNaiveKernel() {
        GateProbe probe = new GateProbe(kernel());
        for (int hidden : SIZES) {
            for (int inputs : FEW_SIZES) {
                for (int count : MANY_COUNTS) {
                    Samples samples = new Samples(1000L * hidden + 10L * inputs + count);
                    LstmDirection direction = samples.direction(inputs, hidden);
                    new Step(samples, direction, count).assertGates(probe, null);
                    direction = direction.with(samples.anyVariant(hidden));
                    new Step(samples, direction, count)
                            .assertGates(probe, new VariantEquations(direction, NaiveKernel.LIMIT));
                }
            }
        }
    }

    @Test
    void gatesOfAProjectedStepEqualTheNaiveKernel() {
        GateProbe probe = new GateProbe(kernel());
        for (int hidden : SIZES) {
            Samples samples = new Samples(hidden);
            new Step(samples, samples.projected(3, hidden, 2), 7).assertGates(probe, null);
        }
    }

    /** A unit that overflowed stays NaN and shows 0 in later steps; its neighbours are not affected. */
    @Test
    void overflowPersistsAndAffectsNoOtherUnit() {
        Kernel kernel = kernel();
        for (float state : new float[] {Float.NaN, 0x1p43f, -0x1p43f}) {
            Samples samples = new Samples(1);
            LstmDirection direction = samples.direction(3, 17).with(CellVariant.PLAIN.withClip(0.5f));
            Step step = new Step(samples, direction, 5);
            Step calm = step.copy();
            int before = step.rows.previous[3] * 17 + 16;
            int after = step.rows.next[3] * 17 + 16;
            step.cell[before] = state;
            step.run(new VariantStep(kernel));
            calm.run(new VariantStep(kernel));
            assertThat(step.cell[after]).isNaN();
            assertThat(step.shown[after]).isEqualTo(0);
            assertThat(VariantEquations.overflown(step.cell, step.rows.next[3] * 17, 17))
                    .isTrue();
            assertThat(VariantEquations.overflown(step.cell, step.rows.next[2] * 17, 17))
                    .isFalse();
            calm.cell[before] = state;
            calm.cell[after] = Float.NaN;
            calm.shown[after] = 0;
            step.assertSame("with an overflow", calm);
        }
    }

    @Test
    void reductionsEqualTheNaiveKernel() {
        Kernel kernel = kernel();
        for (float magnitude : new float[] {1, 100, 0x1p120f}) {
            for (int count : counts()) {
                Samples samples = new Samples(count);
                float[] values = amongSentinels(samples.floats(count, magnitude), 3);
                float max = max(values, 3, count);
                String what = String.format(Locale.ROOT, "%d values up to %s", count, magnitude);
                assertThat(kernel.max(values, 3, count)).as("max of " + what).isEqualTo(max);
                assertThat(kernel.sumOfExponentials(values, 3, count, max))
                        .as("sum of " + what)
                        .isEqualTo(NaiveKernel.sumOfExponentials(values, 3, count, max));
            }
        }
    }

    /** Finds a maximum that starts from 0, or that includes the zeros of a padded vector. */
    @Test
    void maxOfNegativeNumbers() {
        Kernel kernel = kernel();
        for (int count : counts()) {
            float[] values = new Samples(count).floats(count, 1);
            IntStream.range(0, count).forEach(at -> values[at] -= 2);
            for (int offset : new int[] {0, 5}) {
                assertThat(kernel.max(amongSentinels(values, offset), offset, count))
                        .as("max of %d values from %d", count, offset)
                        .isEqualTo(max(values, 0, count));
            }
        }
    }

    @Test
    void maxIsFoundAtAnyIndex() {
        Kernel kernel = kernel();
        for (int at = 0; at < 40; at++) {
            float[] values = new float[40];
            Arrays.fill(values, -1e30f);
            values[at] = -1;
            assertThat(kernel.max(values, 0, values.length)).as("at %d", at).isEqualTo(-1);
        }
    }

    @Test
    void exponentialsEqualTheScalarFunction() {
        Kernel kernel = kernel();
        float scale = 0.37f;
        for (float magnitude : new float[] {1, 100, 0x1p120f}) {
            for (int count : counts()) {
                float[] values = amongSentinels(new Samples(count).floats(count, magnitude), 3);
                float max = max(values, 3, count);
                float[] expected = values.clone();
                for (int at = 3; at < 3 + count; at++) {
                    expected[at] = GateFunctions.exp(values[at] - max) * scale;
                }
                kernel.exponentials(values, 3, count, max, scale);
                same(String.format(Locale.ROOT, "%d values up to %s", count, magnitude), values, expected);
            }
        }
    }

    @Test
    void sigmoidsEqualTheScalarFunction() {
        Kernel kernel = kernel();
        for (float magnitude : new float[] {1, 100, 0x1p120f}) {
            for (int count : counts()) {
                float[] values = amongSentinels(new Samples(count).floats(count, magnitude), 3);
                float[] expected = values.clone();
                for (int at = 3; at < 3 + count; at++) {
                    expected[at] = GateFunctions.probability(values[at]);
                }
                kernel.sigmoids(values, 3, count);
                same(String.format(Locale.ROOT, "%d values up to %s", count, magnitude), values, expected);
            }
        }
    }

    private static int[] counts() {
        return IntStream.concat(
                        IntStream.of(Softmax.BLOCK, Softmax.BLOCK - 1),
                        IntStream.iterate(40, count -> count > 0, count -> count - 1))
                .toArray();
    }

    private static float[] amongSentinels(float[] values, int offset) {
        float[] among = new float[offset + values.length + 20];
        Arrays.fill(among, SENTINEL);
        System.arraycopy(values, 0, among, offset, values.length);
        return among;
    }

    private static float max(float[] values, int offset, int count) {
        float max = values[offset];
        for (int at = offset; at < offset + count; at++) {
            max = values[at] > max ? values[at] : max;
        }
        return max;
    }

    private static Matrix wholeNumbers(Samples samples, int rows, int columns) {
        return Matrix.of(rows, columns, scaled(samples.integers(rows * columns), WEIGHT_SCALE));
    }

    private static float[] scaled(float[] values, float scale) {
        for (int at = 0; at < values.length; at++) {
            values[at] *= scale;
        }
        return values;
    }

    /** {@code start + sum_k matrix[row][k] * x[k]} in integer multiples of a unit, so that the order does not matter. */
    private static float exact(float start, Matrix matrix, int row, float[] x, int offset, double unit) {
        long sum = (long) (start / unit);
        for (int k = 0; k < matrix.columns(); k++) {
            sum += (long) ((double) matrix.at(row, k) * x[offset + k] / unit);
        }
        return (float) (sum * unit);
    }

    /** One call of {@link Kernel#multiply} with scattered rows and results. */
    private static final class Multiplication {
        private final LinearPanels map;
        private final int first;
        private final int outputs;
        private final int count;
        private final float[] input;
        private final int[] inputOffsets;
        private final float[] result;
        private final int[] resultOffsets;

        Multiplication(Samples samples, LinearPanels map, int first, int outputs, int count) {
            this.map = map;
            this.first = first;
            this.outputs = outputs;
            this.count = count;
            int inputStride = map.inputs() + 2; // two sentinels between rows
            int resultStride = outputs + 3;
            this.input = amongSentinels(samples.floats(count * inputStride, 1), 1);
            this.result = new float[2 + count * resultStride];
            Arrays.fill(result, SENTINEL);
            this.inputOffsets = Arrays.stream(samples.permutation(count))
                    .map(row -> 1 + row * inputStride)
                    .toArray();
            this.resultOffsets = Arrays.stream(samples.permutation(count))
                    .map(row -> 2 + row * resultStride)
                    .toArray();
        }

        void fillInput(float[] values) {
            System.arraycopy(values, 0, input, 0, input.length);
        }

        void forEach(Cell cell) {
            for (int row = 0; row < count; row++) {
                for (int output = 0; output < outputs; output++) {
                    cell.visit(row, output);
                }
            }
        }

        void run(Kernel kernel) {
            kernel.multiply(map, first, outputs, input, inputOffsets, count, result, resultOffsets);
        }

        void assertEqualsOneOutputAtATime(Kernel kernel, Matrix matrix) {
            float[] expected = result.clone();
            forEach((row, output) -> {
                float alone = map.output(first + output, input, inputOffsets[row]);
                float chained =
                        NaiveKernel.chain(map.bias()[first + output], matrix, first + output, input, inputOffsets[row]);
                assertThat(alone).as("output %d alone", output).isEqualTo(chained);
                expected[resultOffsets[row] + output] = alone;
            });
            run(kernel);
            same(
                    String.format(Locale.ROOT, "%s: outputs %d + %d, %d rows", matrix, first, outputs, count),
                    result,
                    expected);
        }

        /** Visits each result. */
        private interface Cell {
            void visit(int row, int output);
        }
    }

    /** One call of {@link Kernel#step} with rows in random order, two of them with the same parent row. */
    private static final class Step {
        private final LstmDirection direction;
        private final StepRows rows;
        private float[] input;
        private final float[] hidden;
        private final float[] cell;
        private float[] shown;

        Step(Samples samples, LstmDirection direction, int count) {
            this.direction = direction;
            int states = FIRST_ROW + 2 * count + 1;
            this.hidden = samples.floats(states * direction.outputWidth(), 1);
            this.cell = samples.floats(states * direction.hiddenWidth(), 2);
            this.shown = new float[states * direction.hiddenWidth()];
            Arrays.fill(shown, SENTINEL);
            this.input = samples.floats((FIRST_ROW + count) * direction.inputWidth(), 1);
            this.rows = new StepRows(count);
            int[] previous = samples.permutation(count);
            int[] next = samples.permutation(count);
            int[] inputs = samples.permutation(count);
            for (int row = 0; row < count; row++) {
                int parent = row == 1 ? previous[0] : previous[row];
                rows.add(0, FIRST_ROW + inputs[row], FIRST_ROW + parent, FIRST_ROW + count + next[row]);
            }
        }

        private Step(Step other) {
            this.direction = other.direction;
            this.hidden = other.hidden.clone();
            this.cell = other.cell.clone();
            this.shown = other.shown == other.hidden ? hidden : other.shown.clone();
            this.input = other.input.clone();
            this.rows = new StepRows(other.rows.start.length);
            for (int row = 0; row < other.rows.count; row++) {
                rows.add(other.rows.start[row], other.rows.input[row], other.rows.previous[row], other.rows.next[row]);
            }
        }

        /** Sets the start rows, of which one-hot input has one for each token. */
        void feedTokens(int[] tokens) {
            System.arraycopy(tokens, 0, rows.start, 0, rows.count);
            input = new float[0];
        }

        Step copy() {
            return new Step(this);
        }

        void fillStates(float[] values) {
            System.arraycopy(values, 0, hidden, 0, hidden.length);
        }

        void fillInput(float[] values) {
            System.arraycopy(values, 0, input, 0, input.length);
        }

        void run(Kernel kernel, GatePanels gates) {
            kernel.step(gates, rows, input, hidden, cell, shown);
        }

        void runExactly() {
            int width = direction.hiddenWidth();
            double unit = (double) INPUT_SCALE * WEIGHT_SCALE;
            for (int row = 0; row < rows.count; row++) {
                for (int unitAt = 0; unitAt < width; unitAt++) {
                    float[] z = new float[Gate.COUNT];
                    for (int gate = 0; gate < Gate.COUNT; gate++) {
                        int at = gate * width + unitAt;
                        int x = rows.input[row] * direction.inputWidth();
                        int h = rows.previous[row] * width;
                        float fromInput = exact(direction.bias()[at], direction.inputWeights(), at, input, x, unit);
                        z[gate] = exact(fromInput, direction.hiddenWeights(), at, hidden, h, unit);
                    }
                    float before = cell[rows.previous[row] * width + unitAt];
                    float after = GateFunctions.cellState(z[0], z[1], z[2], before);
                    cell[rows.next[row] * width + unitAt] = after;
                    shown[rows.next[row] * width + unitAt] = GateFunctions.hiddenState(z[3], after);
                }
            }
        }

        void assertEqualsNaive(Kernel kernel, String what) {
            Step expected = copy();
            NaiveKernel.step(
                    direction, false, expected.rows, expected.input, expected.hidden, expected.cell, expected.shown);
            run(kernel, GatePanels.of(direction));
            assertSame(what, expected);
        }

        void run(VariantStep step) {
            VariantEquations equations = new VariantEquations(direction, NaiveKernel.LIMIT);
            step.step(equations, GatePanels.of(direction), rows, input, hidden, cell, shown);
        }

        void assertEqualsNaive(VariantStep step) {
            Step expected = copy();
            NaiveKernel.step(
                    direction, false, expected.rows, expected.input, expected.hidden, expected.cell, expected.shown);
            run(step);
            assertSame(String.format(Locale.ROOT, "%s, H=%d", direction.variant(), direction.hiddenWidth()), expected);
        }

        void assertPreActivations(Kernel kernel) {
            GatePanels gates = GatePanels.of(direction);
            float[] result = new float[rows.count * gates.panels() * GatePanels.COLUMNS + 1];
            Arrays.fill(result, SENTINEL);
            kernel.preActivations(gates, rows, input, hidden, result);
            assertThat(result[result.length - 1]).isEqualTo(SENTINEL);
            for (int row = 0; row < rows.count; row++) {
                float[] expected = NaiveKernel.preActivations(direction, rows, row, input, hidden);
                for (int at = 0; at < expected.length; at++) {
                    int gate = at / direction.hiddenWidth();
                    int unit = at % direction.hiddenWidth();
                    int panel = row * gates.panels() + unit / GatePanels.UNITS;
                    int column = gate * GatePanels.UNITS + unit % GatePanels.UNITS;
                    assertThat(result[panel * GatePanels.COLUMNS + column])
                            .as("row %d, gate %d, unit %d", row, gate, unit)
                            .isEqualTo(expected[at]);
                }
            }
        }

        /** For any states; only the rows of the step may be written. */
        void assertGates(GateProbe probe, VariantEquations equations) {
            int width = Gate.COUNT * direction.hiddenWidth();
            float[] result = new float[cell.length * Gate.COUNT];
            Arrays.fill(result, SENTINEL);
            float[] expected = result.clone();
            for (int row = 0; row < rows.count; row++) {
                float[] gates = NaiveKernel.gates(direction, rows, row, input, hidden, cell);
                System.arraycopy(gates, 0, expected, rows.next[row] * width, width);
            }
            Step before = copy();
            probe.read(equations, GatePanels.of(direction), rows, input, hidden, cell, result);
            same(
                    String.format(Locale.ROOT, "gates of %s, H=%d", direction.variant(), direction.hiddenWidth()),
                    result,
                    expected);
            assertSame("looked into", before);
        }

        void assertSame(String what, Step expected) {
            same(what + ": h", hidden, expected.hidden);
            same(what + ": c", cell, expected.cell);
            same(what + ": shown", shown, expected.shown);
        }
    }
}
