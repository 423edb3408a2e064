package sluice.job.row;

import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import sluice.cell.Defect;
import sluice.job.settings.SettingValues;

/**
 * Why a row cannot be scored.
 *
 * @param code stable reason code, such as {@code token-out-of-range}
 * @param text what was found and what was expected
 */
public record RowDefect(String code, String text) {
    /** The type of a defect in a column of a table. */
    public static final StructType TYPE =
            new StructType().add("code", DataTypes.StringType).add("text", DataTypes.StringType);

    public static final String NULL_SEQUENCE = "null-sequence";
    public static final String NULL_ELEMENT = "null-element";
    public static final String UNKNOWN_WORD = "unknown-word";
    static final String TOO_SHORT = "too-short";
    public static final String TOO_LONG = "too-long";
    public static final String NULL_ORDER = "null-order";
    public static final String NULL_KEY = "null-key";
    static final String WRONG_LENGTH = "wrong-length";
    public static final String WRONG_TYPE = "wrong-type";
    public static final String BROKEN_RECORD = "broken-record";

    /** The only code about the state instead of the sequence. */
    public static final String WRONG_STATE = code(Defect.Kind.WRONG_STATE);

    /** All reason codes. */
    public static SortedSet<String> codes() {
        SortedSet<String> codes = new TreeSet<>(List.of(
                NULL_SEQUENCE,
                NULL_ELEMENT,
                UNKNOWN_WORD,
                TOO_SHORT,
                TOO_LONG,
                NULL_KEY,
                NULL_ORDER,
                WRONG_LENGTH,
                WRONG_TYPE,
                BROKEN_RECORD));
        for (Defect.Kind kind : Defect.Kind.values()) {
            codes.add(code(kind));
        }
        return codes;
    }

    public static RowDefect of(Defect defect) {
        return new RowDefect(code(defect.kind()), defect.text());
    }

    /** Whether the candidates are wrong, not the sequence. */
    public boolean isOfCandidates() {
        return code.equals(code(Defect.Kind.NULL_CANDIDATES)) || code.equals(code(Defect.Kind.CANDIDATE_OUT_OF_RANGE));
    }

    /** A column of this defect. */
    public static Column column(String code, String text) {
        return struct(lit(code).as("code"), lit(text).as("text"));
    }

    /** This defect as a value of {@link #TYPE}. */
    public Row row() {
        return RowFactory.create(code, text);
    }

    public static RowDefect of(Row row) {
        return new RowDefect(row.getString(0), row.getString(1));
    }

    public static String code(Defect.Kind kind) {
        return SettingValues.name(kind);
    }
}
