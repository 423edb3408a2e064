package sluice.cell.answer;

/**
 * Where sequences have ended, kept until they are many. The output layer's weights may be many megabytes, and of ragged sequences few end
 * in one level: so they pass over the weights together, and not level by level. Scratch, used again and again.
 */
public final class EndedSequences {
    private final int width;
    private final float[] hidden; // (many, H)
    private final int[] sequence;
    private final Nodes nodes = new Nodes();

    public EndedSequences(int many, int width) {
        this.width = width;
        this.hidden = new float[Math.multiplyExact(many, width)];
        this.sequence = new int[many];
    }

    /** Whether there is no room for another one. */
    public boolean areMany() {
        return nodes.count == sequence.length;
    }

    /** A sequence ends in the hidden state that stands at {@code offset}. */
    public void add(int ended, float[] states, int offset) {
        int at = nodes.count * width;
        System.arraycopy(states, offset, hidden, at, width);
        sequence[nodes.add(at, true)] = ended;
    }

    /** Tells their distributions to the sequences, and forgets them. */
    public void tell(OutputStage outputs, AnswerWriter sheet, Answer[] answers) {
        outputs.answer(nodes, hidden);
        for (int node = 0; node < nodes.count; node++) {
            Answer answer = answers[sequence[node]];
            if (answer.defect().isEmpty()) {
                sheet.tell(answer, 0, nodes, node);
            }
        }
        nodes.clear();
    }
}
