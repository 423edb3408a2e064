package sluice.job.sql;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.NoSuchFunctionException;
import org.apache.spark.sql.connector.catalog.FunctionCatalog;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.ProcedureCatalog;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.connector.catalog.procedures.UnboundProcedure;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * Trained models as functions and procedures of SQL: {@code spark.sql.catalog.NAME = sluice.job.sql.SluiceCatalog}, and a setting for
 * each model's path.
 *
 * <p>{@code NAME.score('MODEL', tokens)} answers for any model of the session; <code>NAME.`MODEL`.score(tokens)</code> for one, with the
 * columns that its settings ask for.
 */
public final class SluiceCatalog implements FunctionCatalog, ProcedureCatalog {
    private static final String[] NO_NAMESPACE = {};

    private String name;

    /** Made by Spark, by this name. */
    public SluiceCatalog() {}

    /** Takes no options: the session's settings are read when they are needed, so that they can be changed. */
    @Override
    public void initialize(String name, CaseInsensitiveStringMap options) {
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Identifier[] listFunctions(String[] namespace) {
        return Arrays.stream(ScoringFunction.values())
                .map(answer -> Identifier.of(namespace, nameOf(answer)))
                .toArray(Identifier[]::new);
    }

    @Override
    public UnboundFunction loadFunction(Identifier identifier) throws NoSuchFunctionException {
        String[] namespace = identifier.namespace();
        String wanted = identifier.name().toLowerCase(Locale.ROOT);
        ScoringFunction answer = Arrays.stream(ScoringFunction.values())
                .filter(known -> nameOf(known).equals(wanted))
                .findFirst()
                .orElse(null);
        if (answer == null || namespace.length > 1) {
            throw new NoSuchFunctionException(identifier);
        }
        Optional<String> model = Arrays.stream(namespace).findFirst();
        return new ModelFunction(name, model, answer);
    }

    static String nameOf(ScoringFunction answer) {
        return answer.name().toLowerCase(Locale.ROOT);
    }

    /** Of this thread's session. */
    static SessionModels models(String catalog) {
        return new SessionModels(SparkSession.active(), catalog);
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
