package sluice.job.vector;

import org.apache.spark.ml.linalg.SparseVector;
import org.apache.spark.ml.linalg.Vector;

/** Reads the vectors of Spark's ML library. No other class uses the library's vectors. */
final class MlVectors {
    private MlVectors() {}

    static VectorNumbers numbers(Object value) {
        Vector vector = value instanceof org.apache.spark.mllib.linalg.Vector older ? older.asML() : (Vector) value;
        return vector instanceof SparseVector sparse
                ? VectorNumbers.sparse(sparse.size(), sparse.indices(), sparse.values())
                : VectorNumbers.dense(vector.toArray());
    }
}
