import java.util.List;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Writes vectors.parquet: java --class-path "SPARK_HOME/jars/*" WriteVectors.java DIRECTORY, with the flags of Spark's JavaModuleOptions. */
class WriteVectors {
    public static void main(String[] arguments) {
        SparkSession spark = SparkSession.builder().master("local[1]").getOrCreate();
        StructType schema = new StructType()
                .add("id", DataTypes.StringType)
                .add("tokens", DataTypes.createArrayType(SQLDataTypes.VectorType()))
                .add("last", SQLDataTypes.VectorType())
                .add("arrays", DataTypes.createArrayType(DataTypes.createArrayType(DataTypes.DoubleType)));
        Vector dense = Vectors.dense(0.25, -1.5, 0, 2.125);
        Vector sparse = Vectors.sparse(4, new int[] {1, 3}, new double[] {0.1, -3e-3});
        spark.createDataFrame(
                        List.of(
                                RowFactory.create("a", new Vector[] {dense, sparse}, sparse, arrays(dense, sparse)),
                                RowFactory.create("b", new Vector[] {sparse}, sparse, arrays(sparse)),
                                RowFactory.create("c", new Vector[] {}, dense, arrays()),
                                RowFactory.create("d", new Vector[] {dense, dense, sparse}, dense, arrays(dense, dense, sparse))),
                        schema)
                .coalesce(1)
                .write()
                .parquet(arguments[0]);
        spark.stop();
    }

    private static double[][] arrays(Vector... vectors) {
        double[][] arrays = new double[vectors.length][];
        for (int at = 0; at < arrays.length; at++) {
            arrays[at] = vectors[at].toArray();
        }
        return arrays;
    }
}
