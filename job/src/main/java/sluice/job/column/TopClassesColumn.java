package sluice.job.column;

import java.util.Arrays;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import sluice.cell.ScoredSequence;

/** The k most probable classes of each answered step, best first: {@code array<struct<token,label,probability>>}. */
final class TopClassesColumn extends OutputColumn {
    private static final DataType CLASSES = DataTypes.createArrayType(
            new StructType()
                    .add("token", DataTypes.IntegerType, false)
                    .add("label", DataTypes.StringType, true)
                    .add("probability", DataTypes.FloatType, false),
            false);

    TopClassesColumn(Spec spec) {
        super(spec);
    }

    @Override
    DataType type() {
        return spec.eachStep() ? DataTypes.createArrayType(CLASSES, false) : CLASSES;
    }

    @Override
    Object value(ScoredSequence answer) {
        if (!spec.eachStep()) {
            return classes(answer, 0);
        }
        Row[][] steps = new Row[answer.topTokens().length][];
        Arrays.setAll(steps, step -> classes(answer, step));
        return steps;
    }

    private Row[] classes(ScoredSequence answer, int step) {
        int first = spec.request().firstClass();
        int[] tokens = Arrays.stream(answer.topTokens()[step])
                .map(best -> best + first)
                .toArray();
        float[] probabilities = answer.topProbabilities()[step];
        Row[] classes = new Row[tokens.length];
        Arrays.setAll(classes, place -> RowFactory.create(tokens[place], label(tokens[place]), probabilities[place]));
        return classes;
    }

    private String label(int token) {
        return spec.labels() == null ? null : spec.labels().word(token);
    }
}
