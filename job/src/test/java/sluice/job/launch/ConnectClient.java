package sluice.job.launch;

import java.io.IOException;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Whoever speaks to a Spark Connect server, as a program: statements in, rows and errors out, a line each. Runs on Spark's client alone,
 * with nothing of ours but this class.
 */
public final class ConnectClient {
    private ConnectClient() {}

    /** @param arguments the server's address, then statements */
    public static void main(String[] arguments) throws IOException {
        SparkSession session = SparkSession.builder().remote(arguments[0]).getOrCreate();
        for (String statement : List.of(arguments).subList(1, arguments.length)) {
            try {
                for (Row row : session.sql(statement).collectAsList()) {
                    System.out.println(row.toString().replace('\n', ' '));
                }
            } catch (Exception e) {
                System.out.println(
                        "error: " + e.getMessage().lines().findFirst().orElse(""));
            }
        }
        session.close();
    }
}
