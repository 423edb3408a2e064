package sluice.job.launch;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A session of Spark as a program: each line of input is a statement; each row is a line of output, and so are an error and the end. */
public final class SqlProgram {
    /** The line after the rows of a statement. */
    static final String END = "--";

    /** The beginning of the line of an error. */
    static final String ERROR = "error: ";

    private SqlProgram() {}

    public static void main(String[] arguments) throws IOException {
        SparkSession session = SparkSession.builder().getOrCreate();
        BufferedReader statements = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = statements.readLine(); line != null; line = statements.readLine()) {
            try {
                for (Row row : session.sql(line).collectAsList()) {
                    System.out.println(row.json().replace('\n', ' '));
                }
            } catch (Exception e) {
                System.out.println(ERROR + e.getMessage().replace('\n', ' '));
            }
            System.out.println(END);
        }
        session.stop();
    }
}
