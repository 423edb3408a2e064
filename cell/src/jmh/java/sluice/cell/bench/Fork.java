package sluice.cell.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * Starts another JVM with the options of this one. Each workload has its own JVM, because the JIT compiler's profile of one workload would
 * affect the code for the next, which does not happen in a job.
 */
final class Fork {
    private Fork() {}

    /** Runs the main method of a class and waits for it; its output goes to this console. */
    static void run(Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.add(main.getName()); // the class path is passed in the environment, where it may be long
        command.addAll(List.of(arguments));
        try {
            int exit = new ProcessBuilder(command).inheritIO().start().waitFor();
            if (exit != 0) {
                throw new IllegalStateException("exit %d from %s".formatted(exit, command));
            }
        } catch (IOException e) {
            throw new IllegalStateException("can't start " + command, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
