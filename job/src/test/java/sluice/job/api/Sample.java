package sluice.job.api;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** An API that is listed. */
public final class Sample {
    private Sample() {}

    /** What a program can use, and what is behind it. */
    public abstract static class Face extends Hidden implements Comparable<Face> {
        public static final int LIMIT = 3;
        public static final List<String> NAMES = List.of();
        final int own;

        protected Face(Reached... reached) throws IOException {
            own = reached.length;
        }

        public abstract List<? extends Reached> reached();

        public synchronized void changed() {}

        protected void forSubclasses() {}

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%d values", own);
        }

        void ofPackage(NotReached notReached) {
            notReached.run();
        }
    }

    /** Its public methods are those of a face. */
    abstract static class Hidden {
        public int inherited() {
            return 0;
        }
    }

    /** Reached by a signature. */
    public record Reached(List<String> values) {}

    /** In no signature that a program sees. */
    public interface NotReached {
        void run();
    }
}
