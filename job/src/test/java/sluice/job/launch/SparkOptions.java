package sluice.job.launch;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.List;

/** The options of {@code spark-submit}, as the parser of Spark's own launcher has them. */
final class SparkOptions {
    private SparkOptions() {}

    /** Names and short names of options with a value. */
    static List<String> withValue() {
        return names("opts");
    }

    static List<String> withoutValue() {
        return names("switches");
    }

    private static List<String> names(String list) {
        try {
            Class<?> parser = Class.forName("org.apache.spark.launcher.SparkSubmitOptionParser");
            Constructor<?> constructor = parser.getDeclaredConstructor();
            constructor.setAccessible(true);
            Field names = parser.getDeclaredField(list);
            names.setAccessible(true);
            return Arrays.stream((String[][]) names.get(constructor.newInstance()))
                    .flatMap(Arrays::stream)
                    .toList();
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("this Spark has another parser", e);
        }
    }
}
