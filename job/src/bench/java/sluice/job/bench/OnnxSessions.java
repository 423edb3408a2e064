package sluice.job.bench;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/** The sessions of this process: on one thread each, all of ONNX Runtime's optimisations on. */
final class OnnxSessions {
    private static final ConcurrentMap<String, OrtSession> SHARED = new ConcurrentHashMap<>();

    private OnnxSessions() {}

    /** @param file the model */
    static OrtSession of(String file, boolean shared) {
        if (shared) {
            return SHARED.computeIfAbsent(file, OnnxSessions::create);
        }
        OrtSession session = create(file);
        TaskContext.get().addTaskCompletionListener((TaskCompletionListener) ended -> close(session));
        return session;
    }

    /** So that each run makes its own, as each night does. */
    static void closeShared() {
        SHARED.values().forEach(OnnxSessions::close);
        SHARED.clear();
    }

    private static OrtSession create(String file) {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
            return OrtEnvironment.getEnvironment().createSession(file, options);
        } catch (OrtException e) {
            throw new IllegalStateException("%s: ONNX Runtime refuses the model".formatted(file), e);
        }
    }

    private static void close(OrtSession session) {
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime can't close its session", e);
        }
    }
}
