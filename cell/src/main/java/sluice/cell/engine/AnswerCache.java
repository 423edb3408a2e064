package sluice.cell.engine;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.answer.Answer;

/**
 * A cache of one model's answers to one request, by sequence, within a limit of bytes. Logs repeat the same sequences, so a batch often
 * holds many that an earlier batch held. Threads share it. A sequence with a {@linkplain Sequence#start() start state} of its own is
 * not cached, since only the same state would give the same answer.
 *
 * <p>Eviction works by two generations, an approximation of least recently used. New answers, and answers found in the old generation,
 * go into the young one. When the young generation holds half of the bytes, it becomes the old one and the previous old one is
 * dropped. So a lookup takes no lock, which a list in order of use would need.
 */
public final class AnswerCache {
    private final String model; // fingerprint
    private final ScoreRequest request;
    private final ToLongFunction<Sequence> size; // bytes of a sequence and its answer
    private final long mostBytes;
    private volatile Generation young;
    private volatile Generation old;

    /** Answers that were added at about the same time. */
    private static final class Generation {
        private final ConcurrentMap<Sequence, Answer> answers = new ConcurrentHashMap<>();
        private final AtomicLong bytes = new AtomicLong();

        /** Reserves bytes, unless that would exceed the limit; returns whether it did. */
        boolean reserve(long more, long most) {
            boolean fits = bytes.addAndGet(more) <= most;
            if (!fits) {
                bytes.addAndGet(-more);
            }
            return fits;
        }
    }

    AnswerCache(String model, ScoreRequest request, ToLongFunction<Sequence> size, long mostBytes) {
        this.model = model;
        this.request = request;
        this.size = size;
        this.mostBytes = mostBytes;
        clear();
    }

    private synchronized void clear() {
        young = new Generation();
        old = new Generation();
    }

    /** Fingerprint of the model that gave the answers. */
    String model() {
        return model;
    }

    /** The request that the answers are for. */
    ScoreRequest request() {
        return request;
    }

    /** The cached answer, or null. */
    Answer get(Sequence sequence) {
        if (!isCacheable(sequence)) {
            return null;
        }
        Answer answer = young.answers.get(sequence);
        if (answer == null) {
            answer = old.answers.get(sequence);
            if (answer != null) {
                put(sequence, answer);
            }
        }
        return answer;
    }

    private boolean isCacheable(Sequence sequence) {
        return mostBytes > 0 && sequence.start().isEmpty();
    }

    /** Clears the cache if scoring this sequence takes more bytes than the cache may: its memory is needed for that. */
    void clearIfTooSmallFor(Sequence sequence) {
        if (bytes() > 0 && size.applyAsLong(sequence) > mostBytes) {
            clear();
        }
    }

    /** Adds an answer, unless it is larger than a generation. */
    void put(Sequence sequence, Answer answer) {
        if (!isCacheable(sequence)) {
            return;
        }
        long more = size.applyAsLong(sequence);
        long most = mostBytes / 2;
        if (more > most) {
            return;
        }
        Generation current = young;
        while (!current.reserve(more, most)) {
            retire(current);
            current = young;
        }
        if (current.answers.putIfAbsent(sequence, answer) != null) {
            current.bytes.addAndGet(-more);
        }
    }

    private synchronized void retire(Generation full) {
        if (young == full) { // another thread may have retired it first
            old = full;
            young = new Generation();
        }
    }

    /** Bytes of all cached sequences and their answers. */
    long bytes() {
        return young.bytes.get() + old.bytes.get();
    }
}
