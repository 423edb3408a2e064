package sluice.job.column;

import java.io.Serializable;
import java.util.Arrays;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.RefusedException;
import sluice.job.row.RowDefect;

/** The column {@code reason}, {@code struct<code,text>}: why a row is bad, null for a scored row. Sent to the executors. */
public final class ReasonColumn implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String name;

    /** @param prefix of the output's columns */
    public ReasonColumn(String prefix) {
        this.name = prefix + "reason";
    }

    /** @throws RefusedException if the column's name is taken */
    public StructType appendTo(StructType schema) {
        if (Arrays.stream(schema.fieldNames()).anyMatch(name::equalsIgnoreCase)) {
            throw new RefusedException(
                    "bad-rows.rule: the input has a column '%s' already; set output.prefix to rename the new one"
                            .formatted(name));
        }
        StructType type = new StructType(new StructField[] {
            DataTypes.createStructField("code", DataTypes.StringType, false),
            DataTypes.createStructField("text", DataTypes.StringType, false)
        });
        return schema.add(name, type, true);
    }

    public static Row value(RowDefect defect) {
        return RowFactory.create(defect.code(), defect.text());
    }
}
