package sluice.job.sql;

import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.read.LocalScan;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.types.StructType;

/** The result of a procedure: rows in the driver's memory. */
record ProcedureRows(StructType readSchema, InternalRow[] rows) implements LocalScan {
    static Iterator<Scan> of(StructType schema, List<Row> rows) {
        InternalRow[] values = rows.stream().map(SparkValues::row).toArray(InternalRow[]::new);
        return List.<Scan>of(new ProcedureRows(schema, values)).iterator();
    }
}
