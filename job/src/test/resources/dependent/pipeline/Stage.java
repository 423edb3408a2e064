import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import sluice.ml.SequenceScorer;

/** Scores a table of strings by a stage of a pipeline: MODEL INPUT OUTPUT. */
public class Stage {
    public static void main(String[] arguments) throws Exception {
        try (SparkSession spark = SparkSession.builder().getOrCreate()) {
            Dataset<Row> strings = spark.read().json(arguments[1]);
            SequenceScorer scorer = new SequenceScorer()
                    .setModelPath(arguments[0])
                    .setInputCol("text")
                    .setAt("each")
                    .setEmit("loglik", "logprob", "rank")
                    .setSettings("input.splitter=character");
            PipelineModel pipeline = new Pipeline().setStages(new PipelineStage[] {scorer}).fit(strings);
            pipeline.transform(strings).select("id", "scores.*").write().parquet(arguments[2]);
        }
    }
}
