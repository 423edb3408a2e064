import org.apache.spark.connect.proto.DataType;
import org.apache.spark.connect.proto.Expression;
import org.apache.spark.connect.proto.MlOperator;
import org.apache.spark.connect.proto.MlParams;
import org.apache.spark.connect.proto.MlRelation;
import org.apache.spark.connect.proto.Relation;
import org.apache.spark.connect.proto.SQL;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.connect.SparkSession;
import scala.runtime.BoxedUnit;

/**
 * A Spark Connect client that transforms the rows of a query with a stage of the server, as the Python client does: the name of the stage's
 * class and its params are all that it sends. Runs on Spark's client alone.
 *
 * <p>Arguments: the server's address, a query, the path of a model.
 */
class ScoreStage {
    public static void main(String[] arguments) {
        SparkSession session = (SparkSession)
                org.apache.spark.sql.SparkSession.builder().remote(arguments[0]).getOrCreate();
        MlOperator stage = MlOperator.newBuilder()
                .setName("sluice.ml.SequenceScorer")
                .setUid("mine")
                .setType(MlOperator.OperatorType.OPERATOR_TYPE_TRANSFORMER)
                .build();
        MlParams params = MlParams.newBuilder()
                .putParams("modelPath", text(arguments[2]))
                .putParams("outputCol", text("likelihood"))
                .putParams("emit", texts("loglik"))
                .build();
        Relation input = Relation.newBuilder()
                .setSql(SQL.newBuilder().setQuery(arguments[1]))
                .build();
        Object rows = session.newDataFrame(relation -> {
                    relation.setMlRelation(MlRelation.newBuilder()
                            .setTransform(MlRelation.Transform.newBuilder()
                                    .setTransformer(stage)
                                    .setParams(params)
                                    .setInput(input)));
                    return BoxedUnit.UNIT;
                })
                .collect();
        for (Row row : (Row[]) rows) {
            System.out.println(row);
        }
        session.close();
    }

    private static Expression.Literal texts(String value) {
        return Expression.Literal.newBuilder()
                .setArray(Expression.Literal.Array.newBuilder()
                        .setElementType(DataType.newBuilder().setString(DataType.String.getDefaultInstance()))
                        .addElements(text(value)))
                .build();
    }

    private static Expression.Literal text(String value) {
        return Expression.Literal.newBuilder().setString(value).build();
    }
}
