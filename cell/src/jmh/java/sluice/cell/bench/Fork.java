package sluice.cell.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * Another virtual machine, started like this one. What the just-in-time compiler has seen of one workload would shape its code for
 * the next, which no job ever meets: so each has a machine of its own.
 */
final class Fork {
    private Fork() {}

    /** Runs a class that prints for itself. */
    static void run(Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.add(main.getName()); // the class path goes on in the environment, where it may be long
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
