package sluice.job.bench;

import ai.onnxruntime.OrtSession;
import java.nio.IntBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import sluice.cell.bench.OnnxAnswer;

/** A partition's rows with ONNX Runtime's answers appended. With sorting, rows are in order of length. */
final class OnnxRows implements Iterator<Row> {
    private final Iterator<Row> rows;
    private final int sequenceColumn;
    private final RequestedOutput requested;
    private final OnnxWay way;
    private final OnnxBatches batches;
    private final StageClock clock;

    private Iterator<Gathered> gathered; // the whole partition, if it is sorted first
    private final Deque<Row> answered = new ArrayDeque<>();

    /** A sequence and the rows that have it. */
    private record Gathered(int[] sequence, List<Row> rows) {}

    OnnxRows(
            Iterator<Row> rows,
            int sequenceColumn,
            RequestedOutput requested,
            OnnxWay way,
            OrtSession session,
            int classes,
            StageClock clock) {
        this.rows = rows;
        this.sequenceColumn = sequenceColumn;
        this.requested = requested;
        this.way = way;
        this.batches = new OnnxBatches(session, requested.question().atEach(), classes);
        this.clock = clock;
    }

    @Override
    public boolean hasNext() {
        return !answered.isEmpty() || scoreNextBatch();
    }

    @Override
    public Row next() {
        if (answered.isEmpty() && !scoreNextBatch()) {
            throw new NoSuchElementException();
        }
        return answered.remove();
    }

    private boolean scoreNextBatch() {
        List<Gathered> batch = clock.reading(this::nextBatch);
        if (batch.isEmpty()) {
            return false;
        }
        List<Object[]> answers = clock.scoring(() -> answers(batch));
        for (int at = 0; at < batch.size(); at++) {
            for (Row row : batch.get(at).rows()) {
                answered.add(append(row, answers.get(at)));
            }
        }
        return true;
    }

    private List<Gathered> nextBatch() {
        if (way.byLength() && gathered == null) {
            gathered = gatherAll().iterator();
        }
        List<Gathered> batch = new ArrayList<>(way.batch());
        while (batch.size() < way.batch() && (way.byLength() ? gathered.hasNext() : rows.hasNext())) {
            batch.add(way.byLength() ? gathered.next() : read(rows.next()));
        }
        return batch;
    }

    private List<Gathered> gatherAll() {
        List<Gathered> all = new ArrayList<>();
        if (way.distinct()) {
            Map<IntBuffer, Gathered> known = new LinkedHashMap<>();
            while (rows.hasNext()) {
                Gathered read = read(rows.next());
                known.merge(IntBuffer.wrap(read.sequence()), read, OnnxRows::together);
            }
            all.addAll(known.values());
        } else {
            rows.forEachRemaining(row -> all.add(read(row)));
        }
        all.sort(Comparator.comparingInt(one -> one.sequence().length));
        return all;
    }

    private static Gathered together(Gathered known, Gathered again) {
        known.rows().addAll(again.rows());
        return known;
    }

    private Gathered read(Row row) {
        List<Integer> tokens = row.getList(sequenceColumn);
        int[] sequence = new int[tokens.size()];
        int step = 0;
        for (int token : tokens) {
            sequence[step++] = token;
        }
        List<Row> same = new ArrayList<>(1);
        same.add(row);
        return new Gathered(sequence, same);
    }

    private List<Object[]> answers(List<Gathered> batch) {
        OnnxAnswer output = batches.score(batch.stream().map(Gathered::sequence).toList());
        List<Object[]> answers = new ArrayList<>(batch.size());
        for (int at = 0; at < batch.size(); at++) {
            answers.add(requested.answer(output, at, batch.get(at).sequence()));
        }
        return answers;
    }

    /** A row with an answer appended. */
    static Row append(Row row, Object[] answer) {
        Object[] values = new Object[row.length() + answer.length];
        for (int at = 0; at < row.length(); at++) {
            values[at] = row.get(at);
        }
        System.arraycopy(answer, 0, values, row.length(), answer.length);
        return RowFactory.create(values);
    }
}
