package sluice.job.sql;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Objects;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.unsafe.types.UTF8String;
import scala.Function1;

/** A function with the types of its arguments. Converts Spark's internal values to those of a row and back. */
final class BoundModelFunction implements ScalarFunction<Object>, Serializable {
    private static final long serialVersionUID = 1L;

    private final RowFunction function;
    private final String model; // or null: the first argument
    private final DataType[] types;
    private final ArgumentPlaces places;
    private transient Function1<Object, Object> toSequence;
    private transient Function1<Object, Object> toCandidates;
    private transient UTF8String lastModel; // most calls of a query name the same model
    private transient String lastName;

    BoundModelFunction(RowFunction function, String model, DataType[] types, ArgumentPlaces places) {
        this.function = function;
        this.model = model;
        this.types = types;
        this.places = places;
    }

    @Override
    public String name() {
        return function.name();
    }

    @Override
    public String canonicalName() {
        return function.name();
    }

    @Override
    public DataType[] inputTypes() {
        return types.clone();
    }

    @Override
    public DataType resultType() {
        return function.resultType();
    }

    @Override
    public synchronized Object produceResult(InternalRow arguments) {
        String name = model == null ? model(arguments) : model;
        if (toSequence == null) {
            toSequence = CatalystTypeConverters.createToScalaConverter(types[places.tokens()]);
            toCandidates = places.hasCandidates()
                    ? CatalystTypeConverters.createToScalaConverter(types[places.candidates()])
                    : null;
        }
        Object sequence = value(arguments, places.tokens(), toSequence);
        Row row = places.hasCandidates()
                ? RowFactory.create(sequence, value(arguments, places.candidates(), toCandidates))
                : RowFactory.create(sequence);
        return SparkValues.of(function.answer(name, row, places.hasTopK() ? topK(arguments) : 0));
    }

    private String model(InternalRow arguments) {
        if (arguments.isNullAt(0)) {
            throw new IllegalArgumentException("%s: argument model is null, expected a model's name".formatted(name()));
        }
        UTF8String name = arguments.getUTF8String(0);
        if (!name.equals(lastModel)) {
            lastModel = name.clone();
            lastName = name.toString();
        }
        return lastName;
    }

    private int topK(InternalRow arguments) {
        int at = places.topK();
        int topK = arguments.isNullAt(at) ? 0 : ((Number) arguments.get(at, types[at])).intValue();
        if (topK < 1) {
            throw new IllegalArgumentException("%s: argument k = %s, expected at least 1"
                    .formatted(name(), arguments.isNullAt(at) ? "null" : topK));
        }
        return topK;
    }

    private Object value(InternalRow arguments, int at, Function1<Object, Object> converter) {
        return arguments.isNullAt(at) ? null : converter.apply(arguments.get(at, types[at]));
    }

    /** Spark evaluates equal calls once. */
    @Override
    public boolean equals(Object other) {
        return other instanceof BoundModelFunction bound
                && function.equals(bound.function)
                && Objects.equals(model, bound.model)
                && Arrays.equals(types, bound.types);
    }

    @Override
    public int hashCode() {
        return Objects.hash(function, model, Arrays.hashCode(types));
    }
}
