package sluice.job.bench;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import sluice.cell.bench.OnnxAnswer;
import sluice.cell.bench.Question;

/** The outputs requested for each row: from Sluice by its command line, from ONNX Runtime by a graph and by code that reads its output. */
enum RequestedOutput {
    RANK_AND_LOGLIK(Question.RANK_AND_LOGLIK, List.of("rank", "loglik")) {
        @Override
        Object[] answer(OnnxAnswer output, int at, int[] sequence) {
            int[] ranks = new int[sequence.length - 1];
            double sum = 0;
            for (int step = 0; step < ranks.length; step++) {
                float[] row = output.row(at, step);
                float target = row[sequence[step + 1]];
                int above = 0;
                for (float value : row) {
                    above += value > target ? 1 : 0;
                }
                ranks[step] = 1 + above;
                sum += target;
            }
            return new Object[] {ranks, likelihood(sum, ranks.length)};
        }

        @Override
        Object[] emptyAnswer(int steps, int classes) {
            return new Object[] {new int[steps - 1], likelihood(0, steps - 1)};
        }
    },
    LOGLIK(Question.LOGLIK, List.of("loglik")) {
        @Override
        Object[] answer(OnnxAnswer output, int at, int[] sequence) {
            double sum = 0;
            for (int step = 0; step < sequence.length - 1; step++) {
                sum += output.value(at, step, sequence[step + 1]);
            }
            return new Object[] {likelihood(sum, sequence.length - 1)};
        }

        @Override
        Object[] emptyAnswer(int steps, int classes) {
            return new Object[] {likelihood(0, steps - 1)};
        }
    },
    SOFTMAX(Question.LAST_SOFTMAX, List.of("softmax")) {
        @Override
        Object[] answer(OnnxAnswer output, int at, int[] sequence) {
            return new Object[] {output.row(at, 0).clone()};
        }

        @Override
        Object[] emptyAnswer(int steps, int classes) {
            return new Object[] {new float[classes]};
        }
    },
    TOP_5(Question.LAST_SOFTMAX, List.of("topk")) {
        @Override
        Object[] answer(OnnxAnswer output, int at, int[] sequence) {
            float[] row = output.row(at, 0);
            int[] best = new int[Math.min(TOP, row.length)];
            int found = 0;
            for (int token = 0; token < row.length; token++) {
                if (found == best.length && row[token] <= row[best[found - 1]]) {
                    continue;
                }
                int place = found == best.length ? found - 1 : found++;
                while (place > 0 && row[token] > row[best[place - 1]]) {
                    best[place] = best[place - 1];
                    place--;
                }
                best[place] = token;
            }
            Row[] classes = Arrays.stream(best)
                    .mapToObj(token -> RowFactory.create(token, null, row[token]))
                    .toArray(Row[]::new);
            return new Object[] {classes};
        }

        @Override
        Object[] emptyAnswer(int steps, int classes) {
            Row[] best = new Row[Math.min(TOP, classes)];
            Arrays.fill(best, RowFactory.create(0, null, 0f));
            return new Object[] {best};
        }
    };

    /** The default of the job. */
    private static final int TOP = 5;

    private final Question question;
    private final List<String> columns;

    RequestedOutput(Question question, List<String> columns) {
        this.question = question;
        this.columns = columns;
    }

    /** The answer to one sequence, by column. */
    abstract Object[] answer(OnnxAnswer output, int at, int[] sequence);

    /** An answer of the same size with empty values, for a sequence of this many steps. */
    abstract Object[] emptyAnswer(int steps, int classes);

    private static Row likelihood(double sum, int tokens) {
        return RowFactory.create(sum, tokens == 0 ? null : Math.exp(-sum / tokens), tokens);
    }

    Question question() {
        return question;
    }

    List<String> columns() {
        return columns;
    }

    /** The columns that Sluice writes. */
    List<StructField> fields() {
        return columns.stream()
                .map(column -> DataTypes.createStructField(column, type(column), true))
                .toList();
    }

    private static DataType type(String column) {
        return switch (column) {
            case "rank" -> DataTypes.createArrayType(DataTypes.IntegerType, false);
            case "softmax" -> DataTypes.createArrayType(DataTypes.FloatType, false);
            case "loglik" ->
                struct(
                        field("sum", DataTypes.DoubleType, false),
                        field("perplexity", DataTypes.DoubleType, true),
                        field("tokens", DataTypes.IntegerType, false));
            case "topk" ->
                DataTypes.createArrayType(
                        struct(
                                field("token", DataTypes.IntegerType, false),
                                field("label", DataTypes.StringType, true),
                                field("probability", DataTypes.FloatType, false)),
                        false);
            default -> throw new AssertionError(column);
        };
    }

    private static DataType struct(StructField... fields) {
        return DataTypes.createStructType(fields);
    }

    private static StructField field(String name, DataType type, boolean nullable) {
        return DataTypes.createStructField(name, type, nullable);
    }

    /** Options for the job's command line. */
    List<String> options() {
        return List.of("--emit", String.join(",", columns), "--at", at());
    }

    /** The value of the setting {@code output.at}. */
    String at() {
        return question.atEach() ? "each" : "last";
    }
}
