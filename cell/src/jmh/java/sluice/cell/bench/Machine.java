package sluice.cell.bench;

import ai.onnxruntime.OrtEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;

/** Describes the machine, without which the figures have no meaning. */
public final class Machine {
    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    private Machine() {}

    static void print() {
        System.out.printf(
                "processor     %s, %d available%n",
                processor(), Runtime.getRuntime().availableProcessors());
        System.out.printf("vectors       %d bits%n", FloatVector.SPECIES_PREFERRED.vectorBitSize());
        System.out.printf("Java          %s, %s%n", Runtime.version(), System.getProperty("java.vm.name"));
        System.out.printf(
                "ONNX Runtime  %s%n%n", OrtEnvironment.getEnvironment().getVersion());
    }

    public static String processor() {
        try (Stream<String> lines = Files.lines(PROCESSORS)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).trim())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.arch");
        }
    }
}
