package sluice.job.sql;

import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.MapData;
import org.apache.spark.sql.connector.catalog.procedures.BoundProcedure;
import org.apache.spark.sql.connector.catalog.procedures.Procedure;
import org.apache.spark.sql.connector.catalog.procedures.ProcedureParameter;
import org.apache.spark.sql.connector.catalog.procedures.UnboundProcedure;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** {@code CALL sluice.run(model => 'next-click', input => 'db.events', output => 'db.scores')}: the whole job, in batches. */
record RunProcedure(String catalog) implements UnboundProcedure, BoundProcedure {
    static final String NAME = "run";

    private static final DataType SETTINGS = DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType);

    /** The arguments that have a name of their own, and their keys; behind these comes a map of any others. */
    private static final String[][] NAMED = {
        {"model", "model.path"},
        {"input", "input.path"},
        {"output", "output.path"},
        {"emit", "output.emit"},
        {"at", "output.at"},
        {"top_k", "output.top-k"},
        {"tokens", "input.tokens"},
        {"mode", "output.mode"},
        {"bad_rows", "bad-rows.rule"},
        {"input_format", "input.format"},
        {"output_format", "output.format"},
        {"run", "report.run"},
        {"report", "report.path"}
    };

    private static final Set<String> ARGUMENTS =
            Arrays.stream(NAMED).map(argument -> argument[0]).collect(Collectors.toUnmodifiableSet());

    private static final int REQUIRED = 3;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "Scores a table with a model and writes a table, and answers with the run's report.";
    }

    @Override
    public BoundProcedure bind(StructType arguments) {
        return this;
    }

    @Override
    public ProcedureParameter[] parameters() {
        ProcedureParameter[] parameters = new ProcedureParameter[NAMED.length + 1];
        for (int at = 0; at < NAMED.length; at++) {
            String name = NAMED[at][0];
            DataType type = name.equals("top_k") ? DataTypes.IntegerType : DataTypes.StringType;
            ProcedureParameter.Builder parameter =
                    ProcedureParameter.in(name, type).comment("setting " + NAMED[at][1]);
            parameters[at] = (at < REQUIRED ? parameter : parameter.defaultValue("NULL")).build();
        }
        parameters[NAMED.length] = ProcedureParameter.in("settings", SETTINGS)
                .comment("any other keys of conf/scoring.conf")
                .defaultValue("NULL")
                .build();
        return parameters;
    }

    @Override
    public boolean isDeterministic() {
        return false; // it writes
    }

    @Override
    public Iterator<Scan> call(InternalRow arguments) {
        String model = model(this, arguments);
        Map<String, String> settings = new LinkedHashMap<>(others(arguments));
        for (int at = 1; at < NAMED.length; at++) {
            if (!arguments.isNullAt(at)) {
                Object value = arguments.get(at, parameters()[at].dataType());
                settings.put(NAMED[at][1], value.toString());
            }
        }
        return ProcedureRows.of(
                SessionModels.RUN_COLUMNS, SluiceCatalog.models(catalog).run(model, settings, ARGUMENTS));
    }

    private static Map<String, String> others(InternalRow arguments) {
        Map<String, String> others = new LinkedHashMap<>();
        if (!arguments.isNullAt(NAMED.length)) {
            MapData map = arguments.getMap(NAMED.length);
            ArrayData keys = map.keyArray();
            for (int at = 0; at < map.numElements(); at++) {
                others.put(
                        keys.getUTF8String(at).toString(),
                        map.valueArray().isNullAt(at)
                                ? ""
                                : map.valueArray().getUTF8String(at).toString());
            }
        }
        return others;
    }

    /** The first argument of both procedures. */
    static String model(Procedure procedure, InternalRow arguments) {
        if (arguments.isNullAt(0)) {
            throw new IllegalArgumentException(
                    "%s: argument model is null, expected a model's name or path".formatted(procedure.name()));
        }
        return arguments.getUTF8String(0).toString();
    }
}
