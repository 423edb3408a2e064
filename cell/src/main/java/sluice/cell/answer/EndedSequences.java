package sluice.cell.answer;

import sluice.cell.ClassChoice;

/**
 * Buffers the final hidden states of sequences until the output layer can run on a full group. The output layer's weights may be many
 * megabytes, and few sequences of different lengths end in one level: buffered, they share one read of the weights. For one thread.
 */
public final class EndedSequences {
    private final int width;
    private final float[] hidden; // (capacity, H)
    private final int[] sequence; // index of each buffered sequence's answer
    private final Nodes nodes = new Nodes();

    public EndedSequences(int capacity, int width) {
        this.width = width;
        this.hidden = new float[Math.multiplyExact(capacity, width)];
        this.sequence = new int[capacity];
    }

    /** Whether the buffer must be flushed before another sequence is added. */
    public boolean isFull() {
        return nodes.count == sequence.length;
    }

    /**
     * Adds a sequence whose final hidden state is at {@code offset} of {@code states}.
     *
     * @param choice the classes that its answer is about
     */
    public void add(int ended, float[] states, int offset, ClassChoice choice) {
        int at = nodes.count * width;
        System.arraycopy(states, offset, hidden, at, width);
        sequence[nodes.add(at, true, choice)] = ended;
    }

    /** Runs the output layer, writes the answers and empties the buffer. */
    public void flush(OutputStage outputs, AnswerWriter writer, Answer[] answers) {
        outputs.answer(nodes, hidden);
        for (int node = 0; node < nodes.count; node++) {
            Answer answer = answers[sequence[node]];
            if (answer.defect().isEmpty()) {
                writer.writeDistribution(answer, 0, nodes, node);
            }
        }
        nodes.clear();
    }
}
