package sluice.job.sql;

import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.procedures.BoundProcedure;
import org.apache.spark.sql.connector.catalog.procedures.ProcedureParameter;
import org.apache.spark.sql.connector.catalog.procedures.UnboundProcedure;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** {@code CALL sluice.describe(model => 'next-click')}: what is understood of a model file, as {@code --describe} tells it. */
record DescribeProcedure(String catalog) implements UnboundProcedure, BoundProcedure {
    static final String NAME = "describe";

    private static final ProcedureParameter MODEL = ProcedureParameter.in("model", DataTypes.StringType)
            .comment("a name of the session's settings, or a path")
            .build();

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "What is understood of a model: its layers, its vocabulary, the SHA-256 of its weights.";
    }

    @Override
    public BoundProcedure bind(StructType arguments) {
        return this;
    }

    @Override
    public ProcedureParameter[] parameters() {
        return new ProcedureParameter[] {MODEL};
    }

    @Override
    public boolean isDeterministic() {
        return false; // the file may change
    }

    @Override
    public Iterator<Scan> call(InternalRow arguments) {
        String model = RunProcedure.model(this, arguments);
        return ProcedureRows.of(
                SessionModels.DESCRIBE_COLUMNS, SluiceCatalog.models(catalog).describe(model));
    }
}
