package sluice.job.source;

import java.util.Collection;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.RefusedException;

/** Finds columns by their names as Spark does: {@code spark.sql.caseSensitive} says whether case counts. */
public record ColumnNames(boolean areCaseSensitive) {
    /** The rule of a session. */
    public static ColumnNames of(SparkSession spark) {
        return new ColumnNames(
                Boolean.parseBoolean(spark.conf().get(SQLConf.CASE_SENSITIVE().key())));
    }

    /** Whether two names mean the same column. */
    public boolean same(String one, String other) {
        return areCaseSensitive ? one.equals(other) : one.equalsIgnoreCase(other);
    }

    /** Whether one of these names means the same column. */
    public boolean contains(Collection<String> names, String name) {
        return names.stream().anyMatch(other -> same(other, name));
    }

    /**
     * The index of the field of this name; -1 if there is none.
     *
     * @throws RefusedException if several fields differ from the name at most in case, and case does not count
     */
    public int index(StructType schema, String name) {
        int found = -1;
        for (int at = 0; at < schema.length(); at++) {
            if (!same(schema.fields()[at].name(), name)) {
                continue;
            }
            if (found >= 0) {
                throw new RefusedException(String.format(
                        Locale.ROOT,
                        "column '%s' is ambiguous: there are '%s' and '%s'; rename one of them, or set spark.sql.caseSensitive to true (--conf)",
                        name,
                        schema.fields()[found].name(),
                        schema.fields()[at].name()));
            }
            found = at;
        }
        return found;
    }
}
