package sluice.job.source;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.execution.datasources.PartitionPath;
import org.apache.spark.sql.execution.datasources.PartitionSpec;
import org.apache.spark.sql.execution.datasources.PartitioningAwareFileIndex;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;
import sluice.job.storage.PartitionName;

/**
 * Finds partition columns whose values lose their text. Spark infers a type from the names of the directories: it reads {@code shop=007} as
 * the number 7, and would write it as {@code shop=7}.
 */
final class PartitionTexts {
    private static final String ZONE = "spark.sql.session.timeZone";

    private PartitionTexts() {}

    /** The schema of files that Spark has read, with columns of such values as texts. */
    static StructType kept(Dataset<Row> rows) {
        String zone = rows.sparkSession().conf().get(ZONE);
        Set<String> changed = new TreeSet<>();
        LogicalPlan plan = ((org.apache.spark.sql.classic.Dataset<Row>) rows)
                .queryExecution()
                .analyzed();
        for (LogicalPlan leaf : CollectionConverters.asJava(plan.collectLeaves())) {
            if (leaf instanceof LogicalRelation files
                    && files.relation() instanceof HadoopFsRelation relation
                    && relation.location() instanceof PartitioningAwareFileIndex index) {
                changed.addAll(changed(index.partitionSpec(), zone));
            }
        }
        StructType kept = new StructType();
        for (StructField field : rows.schema().fields()) {
            kept = changed.contains(field.name())
                    ? kept.add(field.name(), DataTypes.StringType, field.nullable())
                    : kept.add(field);
        }
        return kept;
    }

    private static Set<String> changed(PartitionSpec spec, String zone) {
        Set<String> changed = new TreeSet<>();
        StructField[] columns = spec.partitionColumns().fields();
        for (PartitionPath partition : CollectionConverters.asJava(spec.partitions())) {
            Map<String, String> texts = texts(partition.path());
            for (int at = 0; at < columns.length; at++) {
                DataType type = columns[at].dataType();
                String text = PartitionName.text(partition.values().get(at, type), type, zone);
                if (!text.equals(texts.getOrDefault(columns[at].name(), text))) {
                    changed.add(columns[at].name());
                }
            }
        }
        return changed;
    }

    /** The values in the names of the directories, by column. */
    private static Map<String, String> texts(Path directory) {
        Map<String, String> texts = new HashMap<>();
        for (Path at = directory; at != null; at = at.getParent()) {
            PartitionName.parse(at.getName()).ifPresent(name -> texts.putIfAbsent(name.column(), name.value()));
        }
        return texts;
    }
}
