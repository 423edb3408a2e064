package sluice.job.source;

import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.HiveTableRelation;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.OptionConverters;
import sluice.job.message.RefusedException;

/**
 * Hive's transactional tables. Spark does not know their transactions: it reads none of their rows, or rows that are deleted, and files that
 * it adds are no rows for Hive.
 */
public final class HiveTransactions {
    private static final String TRANSACTIONAL = "transactional";

    private HiveTransactions() {}

    /**
     * @param rows of a table or a view
     * @param option the option that names it, for messages
     * @throws RefusedException if a transactional table is among what it reads
     */
    public static void requireNone(Dataset<Row> rows, String option) {
        LogicalPlan plan = ((org.apache.spark.sql.classic.Dataset<Row>) rows)
                .queryExecution()
                .analyzed();
        CollectionConverters.asJava(plan.collectLeaves()).stream()
                .flatMap(HiveTransactions::table)
                .filter(table -> table.properties().get(TRANSACTIONAL).exists(value -> value.equalsIgnoreCase("true")))
                .findFirst()
                .ifPresent(table -> {
                    throw new RefusedException(
                            "%s: is a transactional table of Hive, which Spark neither reads nor writes correctly; check %s, or copy it with Hive into a table with TBLPROPERTIES ('transactional'='false')"
                                    .formatted(table.identifier().unquotedString(), option));
                });
    }

    private static Stream<CatalogTable> table(LogicalPlan leaf) {
        if (leaf instanceof HiveTableRelation hive) {
            return Stream.of(hive.tableMeta());
        }
        Optional<CatalogTable> read = leaf instanceof LogicalRelation relation
                ? OptionConverters.toJava(relation.catalogTable())
                : Optional.empty();
        return read.stream();
    }
}
