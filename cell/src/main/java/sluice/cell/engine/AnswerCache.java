package sluice.cell.engine;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.answer.Answer;

/**
 * The answers of one model to sequences that were scored before, as many as fit into so many bytes: those that were asked for last. Logs
 * say the same over and over, so that most of a batch has come in one before it. Shared by all threads that score for the same request. A
 * sequence that goes on from a state of its own is not kept: its twin would have to come from the same state.
 *
 * <p>Answers live in two generations. New ones, and old ones that are asked for again, go into the young one; when that has half of the
 * bytes it is the old one, and what was old is forgotten. So nobody waits for anybody's look-up, as they would for one list in the order
 * of use.
 */
public final class AnswerCache {
    private final String model; // its fingerprint
    private final ScoreRequest request;
    private final ToLongFunction<Sequence> size; // of a sequence and its answer, in bytes
    private final long mostBytes;
    private volatile Generation young;
    private volatile Generation old;

    /** Answers that came at about the same time. */
    private static final class Generation {
        private final ConcurrentMap<Sequence, Answer> answers = new ConcurrentHashMap<>();
        private final AtomicLong bytes = new AtomicLong();

        /** Takes so many bytes, unless there would be too many. */
        boolean take(long more, long most) {
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
        forgetAll();
    }

    private synchronized void forgetAll() {
        young = new Generation();
        old = new Generation();
    }

    /** The model whose answers these are, by its fingerprint. */
    String model() {
        return model;
    }

    /** What they are answers to. */
    ScoreRequest request() {
        return request;
    }

    /** The answer, or null where it isn't known. */
    Answer to(Sequence sequence) {
        if (!isKept(sequence)) {
            return null;
        }
        Answer answer = young.answers.get(sequence);
        if (answer == null) {
            answer = old.answers.get(sequence);
            if (answer != null) {
                add(sequence, answer);
            }
        }
        return answer;
    }

    private boolean isKept(Sequence sequence) {
        return mostBytes > 0 && sequence.start().isEmpty();
    }

    /** Forgets all where this sequence needs more room than they may have. */
    void makeRoomFor(Sequence sequence) {
        if (bytes() > 0 && size.applyAsLong(sequence) > mostBytes) {
            forgetAll();
        }
    }

    /** Keeps an answer, unless it alone would be a generation. */
    void add(Sequence sequence, Answer answer) {
        if (!isKept(sequence)) {
            return;
        }
        long more = size.applyAsLong(sequence);
        long most = mostBytes / 2;
        if (more > most) {
            return;
        }
        Generation now = young;
        while (!now.take(more, most)) {
            grownUp(now);
            now = young;
        }
        if (now.answers.putIfAbsent(sequence, answer) != null) {
            now.bytes.addAndGet(-more);
        }
    }

    private synchronized void grownUp(Generation full) {
        if (young == full) { // of several who find it full one is the first
            old = full;
            young = new Generation();
        }
    }

    /** What all answers take, and the sequences that they are answers to. */
    long bytes() {
        return young.bytes.get() + old.bytes.get();
    }
}
