package sluice.job.sql;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.catalyst.analysis.NoSuchFunctionException;
import org.apache.spark.sql.connector.catalog.FunctionCatalog;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.ProcedureCatalog;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.connector.catalog.procedures.UnboundProcedure;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import sluice.job.message.UnsafeJava;

/**
 * Trained models as SQL functions and procedures: set {@code spark.sql.catalog.NAME = sluice.job.sql.SluiceCatalog}, and the path of each
 * model.
 *
 * <p><code>NAME.`MODEL`.score(tokens)</code> scores with one model and returns the columns that its settings request.
 * {@code NAME.score('MODEL', tokens)} takes the model from an argument, for example from a column, and returns a struct of all columns that
 * any model can have.
 */
public final class SluiceCatalog implements FunctionCatalog, ProcedureCatalog {
    private static final String[] NO_NAMESPACE = {};

    private String name;

    /** Called by Spark. */
    public SluiceCatalog() {}

    /** Ignores the options: the session's settings are read for each statement, as they can change. */
    @Override
    public void initialize(String name, CaseInsensitiveStringMap options) {
        UnsafeJava.refuseOnDriver();
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Identifier[] listFunctions(String[] namespace) {
        return Arrays.stream(ScoringFunction.values())
                .map(function -> Identifier.of(namespace, function.sqlName()))
                .toArray(Identifier[]::new);
    }

    @Override
    public UnboundFunction loadFunction(Identifier identifier) throws NoSuchFunctionException {
        String[] namespace = identifier.namespace();
        String wanted = identifier.name().toLowerCase(Locale.ROOT);
        ScoringFunction function = Arrays.stream(ScoringFunction.values())
                .filter(known -> known.sqlName().equals(wanted))
                .findFirst()
                .orElse(null);
        if (function == null || namespace.length > 1) {
            throw new NoSuchFunctionException(identifier);
        }
        Optional<String> model = Arrays.stream(namespace).findFirst();
        return new ModelFunction(name, model, function);
    }

    @Override
    public Identifier[] listProcedures(String[] namespace) {
        return namespace.length > 0
                ? new Identifier[0]
                : new Identifier[] {
                    Identifier.of(NO_NAMESPACE, RunProcedure.NAME), Identifier.of(NO_NAMESPACE, DescribeProcedure.NAME)
                };
    }

    @Override
    public UnboundProcedure loadProcedure(Identifier identifier) {
        String wanted =
                identifier.namespace().length > 0 ? "" : identifier.name().toLowerCase(Locale.ROOT);
        return switch (wanted) {
            case RunProcedure.NAME -> new RunProcedure(name);
            case DescribeProcedure.NAME -> new DescribeProcedure(name);
            default ->
                throw new IllegalArgumentException("%s.%s: no such procedure; there are %s.%s and %s.%s"
                        .formatted(name, identifier, name, RunProcedure.NAME, name, DescribeProcedure.NAME));
        };
    }
}
