package sluice.cell.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PrimitiveIterator;
import java.util.function.Function;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.SequenceRules;
import sluice.cell.SequenceScorer;
import sluice.cell.Windows;
import sluice.cell.answer.Answer;
import sluice.cell.answer.AnswerWriter;

/**
 * Answers each step of a sequence from its {@linkplain Windows window}. Windows are scored as sequences of their own, at their last step, so
 * their bits are those of such sequences, and equal windows of a batch share their steps.
 *
 * <p>A sequence of n steps has n windows. They are made and scored in chunks, so memory does not grow with their number. For one thread.
 */
final class WindowScorer implements SequenceScorer {
    /** Bytes of the windows of a chunk, with their answers. */
    private static final long CHUNK_BYTES = 16L << 20;

    private final SequenceRules rules;
    private final ScoreRequest request;
    private final Windows windows;
    private final int width; // features of a step
    private final WindowChoice choice;
    private final ScoreRequest ofWindow; // the request of a window with all kinds
    private final MemoryEstimate memory;
    private final AnswerWriter writer;
    private final Chunk predicting; // windows whose next token is a target
    private final Chunk answering; // the other windows; may be the same chunk

    /** @param scorers makes the scorer of windows for a request */
    WindowScorer(
            SequenceRules rules,
            ScoreRequest request,
            int width,
            MemoryEstimate memory,
            Function<ScoreRequest, SequenceScorer> scorers) {
        this.rules = rules;
        this.request = request;
        this.windows = request.windows().orElseThrow();
        this.width = width;
        this.choice = new WindowChoice(request);
        this.ofWindow = request.ofOneWindow(true, true);
        this.memory = memory;
        this.writer = new AnswerWriter(request);
        boolean together = choice.areAlike();
        this.predicting = new Chunk(scorers.apply(request.ofOneWindow(true, together)));
        this.answering = together ? predicting : new Chunk(scorers.apply(request.ofOneWindow(false, true)));
    }

    /** Windows that are scored together. */
    private static final class Chunk {
        private final SequenceScorer scorer;
        private final List<Sequence> sequences = new ArrayList<>();
        private int[] rows = new int[64]; // index of the sequence that has the window
        private int[] steps = new int[64]; // index of the window's last step in it
        private long bytes;
        private long states; // rows of a table of states

        Chunk(SequenceScorer scorer) {
            this.scorer = scorer;
        }

        /** Whether another window makes it too large. */
        boolean isFull(Sequence window) {
            return !sequences.isEmpty()
                    && (bytes + scorer.bytes(window) > CHUNK_BYTES
                            || states + window.length() + 1 > scorer.rules().maxLength());
        }

        void add(Sequence window, int row, int step) {
            if (sequences.size() == rows.length) {
                rows = Arrays.copyOf(rows, 2 * rows.length);
                steps = Arrays.copyOf(steps, rows.length);
            }
            rows[sequences.size()] = row;
            steps[sequences.size()] = step;
            sequences.add(window);
            bytes += scorer.bytes(window);
            states += window.length() + 1L;
        }

        void clear() {
            sequences.clear();
            bytes = 0;
            states = 0;
        }
    }

    @Override
    public SequenceRules rules() {
        return rules;
    }

    @Override
    public List<ScoredSequence> score(List<Sequence> sequences) {
        Map<Sequence, Integer> places = new HashMap<>();
        List<Sequence> distinct = new ArrayList<>();
        int[] place = new int[sequences.size()];
        for (int s = 0; s < place.length; s++) {
            Integer known = places.putIfAbsent(sequences.get(s), distinct.size());
            place[s] = known == null ? distinct.size() : known;
            if (known == null) {
                rules.require(sequences.get(s), s);
                distinct.add(sequences.get(s));
            }
        }
        Answer[] answers = compute(distinct);
        return Arrays.stream(place).<ScoredSequence>mapToObj(at -> answers[at]).toList();
    }

    private Answer[] compute(List<Sequence> distinct) {
        Answer[] answers = distinct.stream().map(writer::allocate).toArray(Answer[]::new);
        for (int row = 0; row < answers.length; row++) {
            Sequence sequence = distinct.get(row);
            PrimitiveIterator.OfInt lastSteps =
                    choice.lastSteps(sequence.length()).iterator();
            while (lastSteps.hasNext()) {
                int step = lastSteps.nextInt();
                boolean predicts = choice.predicts(step, sequence.length());
                Chunk chunk = predicts ? predicting : answering;
                Sequence window = windows.at(sequence, step, width, predicts);
                if (chunk.isFull(window)) {
                    score(chunk, distinct, answers);
                }
                chunk.add(window, row, step);
            }
        }
        score(predicting, distinct, answers);
        score(answering, distinct, answers);
        return answers;
    }

    private void score(Chunk chunk, List<Sequence> sequences, Answer[] answers) {
        List<ScoredSequence> scored = chunk.scorer.score(chunk.sequences);
        for (int at = 0; at < scored.size(); at++) {
            int row = chunk.rows[at];
            answers[row] = write(answers[row], sequences.get(row).length(), chunk.steps[at], scored.get(at));
        }
        chunk.clear();
    }

    /** Adds the answer of the window that ends at a step; returns the sequence's answer. */
    private Answer write(Answer answer, int steps, int step, ScoredSequence window) {
        if (answer.defect().isPresent()) {
            return answer;
        }
        if (window.defect().isPresent()) {
            return Answer.unscorable(window.defect().get());
        }
        if (choice.answers(step, steps)) {
            writer.copy(window, answer, steps == 0 ? 0 : step - request.firstAnswer(steps));
        }
        if (choice.predicts(step, steps)) {
            writer.copyTarget(window, answer, step + 1 - request.firstTarget(steps));
        }
        return answer;
    }

    @Override
    public long computedSteps() {
        return predicting.scorer.computedSteps() + (answering == predicting ? 0 : answering.scorer.computedSteps());
    }

    /** Of the windows of one sequence only a chunk is in memory. */
    @Override
    public long bytes(Sequence sequence) {
        long window = memory.bytes(ofWindow, windows.length(), sequence.classes());
        return memory.inputBytes(sequence.length())
                + memory.answerBytes(request, sequence.length(), sequence.classes())
                + Math.min(choice.count(sequence.length()) * window, Math.max(window, CHUNK_BYTES));
    }
}
