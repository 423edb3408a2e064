package sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.spark.sql.Row;
import sluice.cell.Emission;
import sluice.cell.OutputAt;
import sluice.cell.ScoredSequence;
import sluice.cell.StepGates;

/** Compares a scored row with the engine's own answer: floating-point numbers by their bits. */
final class Answers {
    private Answers() {}

    static void requireSame(Row row, ScoredSequence expected, OutputAt at, Collection<Emission> emissions) {
        boolean each = at == OutputAt.EACH;
        for (Emission emission : emissions) {
            Object found = row.getAs(SettingValues.name(emission));
            List<Object> wanted = new ArrayList<>();
            switch (emission) {
                case SOFTMAX -> addSteps(wanted, expected.softmax());
                case HIDDEN -> addSteps(wanted, expected.hidden());
                case CELL -> addSteps(wanted, expected.cell());
                case PREDICTION -> addInts(wanted, expected.prediction());
                case TOPK -> {
                    for (int step = 0; step < expected.topTokens().length; step++) {
                        for (int place = 0; place < expected.topTokens()[step].length; place++) {
                            wanted.add(expected.topTokens()[step][place]);
                            wanted.add(Float.floatToRawIntBits(expected.topProbabilities()[step][place]));
                        }
                    }
                }
                case LOGLIK -> {
                    wanted.add(Double.doubleToRawLongBits(expected.logLikelihood()));
                    if (expected.predictedTokens() > 0) {
                        wanted.add(Double.doubleToRawLongBits(expected.perplexity()));
                    }
                    wanted.add(expected.predictedTokens());
                }
                case LOGPROB -> addFloats(wanted, expected.logProbabilities());
                case RANK -> addInts(wanted, expected.ranks());
                case STATE -> {
                    addSteps(wanted, expected.state().hidden());
                    addSteps(wanted, expected.state().cell());
                }
                case GATES -> {
                    for (StepGates step : expected.gates()) {
                        addFloats(wanted, step.input());
                        addFloats(wanted, step.forget());
                        addFloats(wanted, step.candidate());
                        addFloats(wanted, step.output());
                        addFloats(wanted, step.cell());
                    }
                }
            }
            assertThat(flat(found))
                    .as("%s of row %s, %s", emission, row.get(0), each ? "each step" : "last step")
                    .isEqualTo(wanted);
        }
    }

    private static void addSteps(List<Object> list, float[][] steps) {
        for (float[] step : steps) {
            addFloats(list, step);
        }
    }

    private static void addFloats(List<Object> list, float[] values) {
        for (float value : values) {
            list.add(Float.floatToRawIntBits(value));
        }
    }

    private static void addInts(List<Object> list, int[] values) {
        for (int value : values) {
            list.add(value);
        }
    }

    /** All numbers of a value, in order, floating-point ones by their bits; labels are left out. */
    static List<Object> flat(Object value) {
        List<Object> flat = new ArrayList<>();
        flatten(value, flat);
        return flat;
    }

    private static void flatten(Object value, List<Object> flat) {
        if (value instanceof Float number) {
            flat.add(Float.floatToRawIntBits(number));
        } else if (value instanceof Double number) {
            flat.add(Double.doubleToRawLongBits(number));
        } else if (value instanceof Integer number) {
            flat.add(number);
        } else if (value instanceof Row row) {
            for (int field = 0; field < row.length(); field++) {
                flatten(row.get(field), flat);
            }
        } else if (value instanceof scala.collection.Seq<?> list) {
            for (int at = 0; at < list.length(); at++) {
                flatten(list.apply(at), flat);
            }
        } else if (value instanceof List<?> list) {
            list.forEach(element -> flatten(element, flat));
        }
    }
}
