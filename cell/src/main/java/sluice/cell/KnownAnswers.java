package sluice.cell;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * The answers to sequences that were scored before, as many as fit into so many bytes: those that were asked for last. Logs say the same
 * over and over, so that most of a batch has come in one before it. A sequence that goes on from a state of its own is not kept: its
 * twin would have to come from the same state.
 */
final class KnownAnswers {
    private final long mostBytes;
    private final ToLongFunction<Sequence> size; // of a sequence and its answer, in bytes
    private final Map<Sequence, ScoredSequence> answers = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    KnownAnswers(long mostBytes, ToLongFunction<Sequence> size) {
        this.mostBytes = mostBytes;
        this.size = size;
    }

    /** The answer, or null where it isn't known. */
    ScoredSequence to(Sequence sequence) {
        return isKept(sequence) ? answers.get(sequence) : null;
    }

    private boolean isKept(Sequence sequence) {
        return mostBytes > 0 && sequence.start().isEmpty();
    }

    /** Forgets all where this sequence needs more room than they may have. */
    void makeRoomFor(Sequence sequence) {
        if (!answers.isEmpty() && size.applyAsLong(sequence) > mostBytes) {
            answers.clear();
            bytes = 0;
        }
    }

    /** Keeps an answer that wasn't known. */
    void add(Sequence sequence, ScoredSequence answer) {
        if (!isKept(sequence)) {
            return;
        }
        long more = size.applyAsLong(sequence);
        if (more > mostBytes) {
            return;
        }
        answers.put(sequence, answer);
        bytes += more;
        Iterator<Sequence> oldest = answers.keySet().iterator();
        while (bytes > mostBytes) {
            bytes -= size.applyAsLong(oldest.next());
            oldest.remove();
        }
    }
}
