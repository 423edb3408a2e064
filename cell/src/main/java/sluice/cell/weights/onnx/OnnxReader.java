package sluice.cell.weights.onnx;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;
import sluice.cell.model.Readout;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.ModelFolder;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.onnx.OnnxContent.Answer;
import sluice.cell.weights.onnx.OnnxContent.At;
import sluice.cell.weights.onnx.OnnxContent.Hidden;

/**
 * Reads ONNX: a protobuf that holds a graph of operators and its tensors.
 *
 * <p>The format is defined by {@code onnx.proto3} of {@code onnx/onnx}. {@code OnnxParser} reads the file without its
 * values, {@code OnnxWalk} finds the model in the graph, and only then are the values of its weights read.
 */
public final class OnnxReader {
    static final String FORMAT = "onnx";

    private final OnnxGraph graph;
    private final TensorNames names;
    private final OnnxArray.Source source;

    private OnnxReader(OnnxGraph graph, TensorNames names, OnnxArray.Source source) {
        this.graph = graph;
        this.names = names;
        this.source = source;
    }

    /**
     * @param folder where the file lies: weights may lie in other files there
     * @throws ModelException where the file is damaged, or its graph is no model that can be scored
     */
    public static ModelFile readModel(SeekableByteChannel channel, ModelFolder folder, TensorNames names)
            throws IOException {
        OnnxGraph graph = OnnxParser.parse(channel);
        OnnxArray.Source source = new OnnxArray.Source(new OnnxWeights(channel, folder), channel.size());
        try {
            return new OnnxReader(graph, names, source).read();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (ArithmeticException e) {
            throw new ModelException(
                    "the graph computes sizes that no tensor can have: %s".formatted(e.getMessage()), e);
        }
    }

    private ModelFile read() {
        OnnxAnswers answers = new OnnxAnswers(new OnnxWalk(graph, source).valuesOf(wantedOutputs()));
        if (answers.isEmpty()) {
            throw noLstm();
        }
        Optional<Answer> answer = withoutOutput() ? Optional.empty() : answers.answer();
        Hidden top = answer.map(found -> found.linear().below()).orElseGet(() -> top(answers));
        OnnxStack stack = new OnnxStack(top);
        requireNamed(stack);
        Optional<OutputLayer> output = answer.map(found -> found.linear().layer());
        Readout readout = answer.isPresent() ? stack.readout() : Readout.LAST_STEP;
        LstmModel model = new LstmModel(stack.embedding(), stack.layers(), output, readout);
        List<String> notes = new ArrayList<>(stack.notes());
        notes.addAll(answer.map(OnnxReader::notes)
                .orElseGet(() -> List.of("no output layer: the model gives hidden states")));
        notes.addAll(answers.notes());
        return new ModelFile(model, graph.metadata(), notes, FORMAT, OnnxLstm.GATES);
    }

    private Hidden top(OnnxAnswers answers) {
        return answers.answer().map(found -> found.linear().below()).orElseGet(answers::top);
    }

    private boolean withoutOutput() {
        return names.output().filter(TensorNames.NONE::equals).isPresent();
    }

    /** All outputs of the graph, or the one that the user named. */
    private List<String> wantedOutputs() {
        List<String> all =
                graph.outputs().stream().map(OnnxPort::name).distinct().toList();
        Optional<String> named = names.output().filter(name -> !name.equals(TensorNames.NONE));
        if (named.isPresent() && !all.contains(named.get())) {
            throw new ModelException("no output '%s', which model.output names, found %s"
                    .formatted(named.get(), NameList.of(all, name -> "'" + name + "'")));
        }
        return named.map(List::of).orElse(all);
    }

    private ModelException noLstm() {
        Map<String, Long> operators = graph.nodes().stream()
                .collect(Collectors.groupingBy(OnnxNode::qualified, TreeMap::new, Collectors.counting()));
        return new ModelException("no LSTM on the way to its outputs: expected a node with the operator LSTM, found %s"
                .formatted(
                        operators.isEmpty()
                                ? "no nodes"
                                : NameList.of(operators.keySet(), name -> operators.get(name) + " " + name)));
    }

    /** A graph leaves nothing open, so what the user says about it can only be right or wrong. */
    private void requireNamed(OnnxStack stack) {
        String found = stack.embeddingName().orElse(TensorNames.NONE);
        if (!names.embedding().orElse(found).equals(found)) {
            throw new ModelException("the graph's embedding is '%s', not '%s', as model.embedding says; leave that out"
                    .formatted(found, names.embedding().orElseThrow()));
        }
        String prefix = names.lstm().orElse("");
        for (OnnxLstm lstm : stack.lstms()) {
            if (!lstm.name().startsWith(prefix)) {
                throw new ModelException("%s is on the way to the output, but model.lstm is '%s'; leave that out"
                        .formatted(lstm.describe(), prefix));
            }
        }
    }

    private static List<String> notes(Answer answer) {
        OnnxLinear linear = answer.linear();
        boolean each = linear.below().parts().get(0).at() == At.EACH;
        String bias = linear.bias() == null ? "" : " and " + linear.bias().describe();
        return List.of(
                "the output layer is tensor %s%s; the file shows %s, here each answer says what it is"
                        .formatted(
                                linear.weights().describe(), bias, answer.form().description()),
                each
                        ? "the file answers after each step, as --at each does"
                        : "the file answers after the last step, as --at last does");
    }
}
