package sluice.job.output;

import java.sql.Timestamp;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Set;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.RefusedException;
import sluice.job.message.Version;
import sluice.job.settings.OutputFormat;
import sluice.job.settings.Settings;
import sluice.job.source.ColumnPath;

/**
 * The origin of an answer: SHA-256 of the model and of the settings ({@link Settings#sha256}), Sluice's version, and the start of the run.
 *
 * <p>It is written to the metadata of the added columns. Spark stores that metadata in the footer of each Parquet file
 * ({@code org.apache.spark.sql.parquet.row.metadata}) and returns it with the schema. It is not written to a table of a
 * catalog: a catalog stores column metadata once per table, so rows that a later run appends would carry the values of the first run.
 * With {@code output.provenance} the origin is also a column of each row, {@code struct<model_sha256,settings_sha256,version,started>}.
 */
public final class Provenance {
    private static final String COLUMN = "provenance";

    private final StructType schema; // of the scored table, without the provenance column
    private final Set<String> input; // names of the input's columns
    private final String column;
    private final boolean isColumn;
    private final boolean isMetadata;
    private final String model;
    private final String settings;
    private final Instant started;

    /**
     * @param scored schema of the scored table, without the provenance column
     * @param input schema of the input's columns
     * @param model SHA-256 of the model
     */
    public Provenance(StructType scored, StructType input, String model, Settings settings, Instant started) {
        this.schema = scored;
        this.input = Set.copyOf(Arrays.asList(input.fieldNames()));
        this.column = settings.output().prefix() + COLUMN;
        this.isColumn = settings.output().provenance();
        this.isMetadata = settings.output().format() != OutputFormat.TABLE;
        this.model = model;
        this.settings = settings.sha256();
        this.started = started.truncatedTo(ChronoUnit.MICROS); // the precision of Spark's timestamps
    }

    /**
     * The schema of the table to write.
     *
     * @throws RefusedException if the column's name is taken
     */
    public StructType appendTo(StructType scored) {
        if (!isColumn) {
            return scored;
        }
        if (Arrays.stream(scored.fieldNames()).anyMatch(column::equalsIgnoreCase)) {
            throw new RefusedException(
                    "output.provenance: the input has a column '%s' already; set output.prefix to rename the new one"
                            .formatted(column));
        }
        StructType type = new StructType()
                .add("model_sha256", DataTypes.StringType, false)
                .add("settings_sha256", DataTypes.StringType, false)
                .add("version", DataTypes.StringType, false)
                .add("started", DataTypes.TimestampType, false);
        return scored.add(column, type, false);
    }

    /** Adds the metadata, and the column if the settings request it. */
    public Dataset<Row> stamp(Dataset<Row> rows) {
        StructField[] fields = schema.fields();
        Column[] columns = new Column[fields.length + (isColumn ? 1 : 0)];
        for (int at = 0; at < fields.length; at++) {
            columns[at] = rows.col(ColumnPath.quoted(fields[at].name())).as(fields[at].name(), metadata(fields[at]));
        }
        if (isColumn) {
            columns[fields.length] = value().as(column);
        }
        return rows.select(columns);
    }

    private Metadata metadata(StructField field) {
        if (!isMetadata || input.contains(field.name())) {
            return field.metadata();
        }
        return new MetadataBuilder()
                .withMetadata(field.metadata())
                .putString("sluice.model-sha256", model)
                .putString("sluice.settings-sha256", settings)
                .putString("sluice.version", Version.current())
                .putString("sluice.started", started.toString())
                .build();
    }

    private Column value() {
        return functions.struct(
                functions.lit(model).as("model_sha256"),
                functions.lit(settings).as("settings_sha256"),
                functions.lit(Version.current()).as("version"),
                functions.lit(Timestamp.from(started)).as("started"));
    }
}
