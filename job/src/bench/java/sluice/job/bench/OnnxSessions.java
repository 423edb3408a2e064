package sluice.job.bench;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/** The ONNX Runtime sessions of this process: one thread each, all optimisations. */
final class OnnxSessions {
    private static final ConcurrentMap<String, OrtSession> SHARED = new ConcurrentHashMap<>();

    private OnnxSessions() {}

    /** @param file the model file */
    static OrtSession of(String file, boolean shared) {
        if (shared) {
            return SHARED.computeIfAbsent(file, OnnxSessions::create);
        }
        OrtSession session = create(file);
        TaskContext.get().addTaskCompletionListener((TaskCompletionListener) ended -> close(session));
        return session;
    }

    /** Closes the shared session, so that each run creates its own, like a new process. */
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
            throw new IllegalStateException("%s: ONNX Runtime cannot load the model".formatted(file), e);
        }
    }

    private static void close(OrtSession session) {
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime cannot close its session", e);
        }
    }
}
