package sluice.job.sql;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.procedures.BoundProcedure;
import org.apache.spark.sql.connector.catalog.procedures.ProcedureParameter;
import org.apache.spark.sql.connector.catalog.procedures.UnboundProcedure;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import sluice.job.model.CachedModel;
import sluice.job.model.ModelSummary;
import sluice.job.model.Vocabulary;
import sluice.job.model.VocabularySource;
import sluice.job.settings.Settings;

/** {@code CALL sluice.describe(model => 'next-click')}: the summary of a model, as {@code --describe} prints it. */
record DescribeProcedure(String catalog) implements UnboundProcedure, BoundProcedure {
    static final String NAME = "describe";

    private static final StructType COLUMNS =
            new StructType().add("property", DataTypes.StringType).add("value", DataTypes.StringType);

    private static final ProcedureParameter MODEL = ProcedureParameter.in("model", DataTypes.StringType)
            .comment("a name of the session's settings, or a path")
            .build();

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "Describes a model: its layers, its vocabulary, the SHA-256 of its weights.";
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
        CatalogSession session = CatalogSession.active(catalog);
        Map<String, String> keys = session.settings().of(model);
        CatalogSettings.fillUnusedPaths(keys);
        Settings settings = Settings.readFrom(session.settings().where(model), keys);
        return ProcedureRows.of(COLUMNS, describe(session, model, settings));
    }

    private static List<Row> describe(CatalogSession session, String model, Settings settings) {
        CachedModel cached = session.model(model, settings.model());
        Optional<Vocabulary> words =
                VocabularySource.find(settings.input().vocabulary(), cached.file(), session.hadoop());
        return new ModelSummary(settings.model().path(), cached.file(), words)
                .page().entries().stream()
                        .map(entry -> RowFactory.create(entry.name().strip(), entry.text()))
                        .toList();
    }
}
