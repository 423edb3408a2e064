package sluice.job.storage;

import java.util.Optional;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogUtils;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.EvalMode;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;
import scala.Option;

/**
 * The name of a partition's directory, {@code column=value}. Spark escapes characters that a file system or a URI may not take: the value
 * {@code a/b} is {@code a%2Fb} in the name.
 *
 * @param column as in the schema
 * @param value as text; {@code __HIVE_DEFAULT_PARTITION__} for null
 */
public record PartitionName(String column, String value) {
    /** Reads the name of a directory; empty if it is not that of a partition. */
    public static Optional<PartitionName> parse(String directory) {
        int equals = directory.indexOf('=');
        return equals <= 0
                ? Optional.empty()
                : Optional.of(new PartitionName(
                        ExternalCatalogUtils.unescapePathName(directory.substring(0, equals)),
                        ExternalCatalogUtils.unescapePathName(directory.substring(equals + 1))));
    }

    /**
     * The text that Spark writes for a value.
     *
     * @param value in Spark's internal form, or null
     * @param zone the session's time zone, for timestamps
     */
    public static String text(Object value, DataType type, String zone) {
        Object text = value == null ? null : cast(Literal.create(value, type), DataTypes.StringType, zone);
        return text == null || text.toString().isEmpty()
                ? ExternalCatalogUtils.DEFAULT_PARTITION_NAME()
                : text.toString();
    }

    /**
     * The value of a type that the text stands for, in Spark's internal form; null if it stands for null or for no value of the type.
     *
     * @param zone the session's time zone, for timestamps
     */
    public Object valueAs(DataType type, String zone) {
        return isNull() ? null : cast(Literal.create(UTF8String.fromString(value), DataTypes.StringType), type, zone);
    }

    /** Whether it is the partition of null. */
    public boolean isNull() {
        return value.equals(ExternalCatalogUtils.DEFAULT_PARTITION_NAME());
    }

    private static Object cast(Literal value, DataType type, String zone) {
        return new Cast(value, type, Option.apply(zone), EvalMode.TRY()).eval(null);
    }

    /** The name of the directory. */
    @Override
    public String toString() {
        return ExternalCatalogUtils.escapePathName(column) + "=" + ExternalCatalogUtils.escapePathName(value);
    }
}
