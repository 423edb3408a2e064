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
import sluice.cell.model.InputPart;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.model.OutputLayer;
import sluice.cell.model.Readout;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.ModelFolder;
import sluice.cell.weights.file.NameList;
import sluice.cell.weights.file.OutputEnd;
import sluice.cell.weights.file.TensorNames;
import sluice.cell.weights.onnx.OnnxContent.ClassScores;
import sluice.cell.weights.onnx.OnnxContent.Hidden;

/**
 * Reads ONNX models. The format is defined by {@code onnx.proto3} of {@code onnx/onnx}.
 *
 * <p>{@code OnnxParser} reads the file except values of tensors, {@code OnnxInterpreter} finds the model in the graph,
 * and then the values of its weights are read.
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
     * Reads a model.
     *
     * @param folder opens files with external data
     * @throws ModelException if the file is damaged, or its graph is not a supported model
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
        OnnxInterpreter interpreter = new OnnxInterpreter(graph, source);
        OnnxOutputs outputs = new OnnxOutputs(interpreter.valuesOf(wantedOutputs()));
        if (outputs.isEmpty()) {
            throw noLstm();
        }
        Optional<ClassScores> scores = withoutOutput() ? Optional.empty() : outputs.classScores();
        Hidden top = scores.map(found -> found.linear().below()).orElseGet(() -> top(outputs));
        OnnxStack stack = new OnnxStack(top);
        requireNamed(stack);
        Optional<OutputLayer> output = scores.map(found -> found.linear().layer());
        OnnxReadout readout = stack.readout();
        Readout states =
                scores.isPresent() ? readout.of("the output layer reads") : readout.of("the output of the graph is");
        List<InputPart> parts = stack.parts();
        LstmModel model = parts.isEmpty()
                ? new LstmModel(stack.embedding(), stack.layers(), output, states)
                : LstmModel.ofParts(parts, stack.layers(), output, states);
        List<String> notes = new ArrayList<>(stack.notes());
        notes.add(scores.map(OnnxReader::note).orElse(OutputEnd.NO_LAYER));
        if (!withoutOutput() || readout.areFinalStates()) {
            notes.add(readout.note());
        }
        if (scores.isEmpty() && outputs.classScores().isEmpty()) {
            notes.addAll(outputs.states().notes());
        }
        notes.addAll(outputs.notes());
        notes.addAll(interpreter.notes());
        return new ModelFile(model, graph.metadata(), notes, FORMAT, OnnxLstm.GATES);
    }

    private Hidden top(OnnxOutputs outputs) {
        return outputs.classScores() // model.output = none
                .map(found -> OnnxReadout.orEach(found.linear().below()))
                .orElseGet(() -> outputs.states().states());
    }

    private boolean withoutOutput() {
        return names.output().filter(TensorNames.NONE::equals).isPresent();
    }

    /** The outputs of the graph, or the one in {@code model.output}. */
    private List<String> wantedOutputs() {
        List<String> all =
                graph.outputs().stream().map(OnnxPort::name).distinct().toList();
        Optional<String> named = names.output().filter(name -> !name.equals(TensorNames.NONE));
        if (named.isPresent() && !all.contains(named.get())) {
            throw new ModelException("model.output names '%s', which is not an output of the graph; found %s"
                    .formatted(named.get(), NameList.quoted(all)));
        }
        return named.map(List::of).orElse(all);
    }

    private ModelException noLstm() {
        Map<String, Long> operators = graph.nodes().stream()
                .collect(Collectors.groupingBy(OnnxNode::qualified, TreeMap::new, Collectors.counting()));
        return new ModelException("no output depends on an LSTM: expected a node with the operator LSTM, found %s"
                .formatted(
                        operators.isEmpty()
                                ? "no nodes"
                                : NameList.of(operators.keySet(), name -> operators.get(name) + " " + name)));
    }

    /** A graph determines its layers, so the settings can only confirm or contradict it. */
    private void requireNamed(OnnxStack stack) {
        String found = stack.embeddingName().orElse(TensorNames.NONE);
        if (!names.embedding().orElse(found).equals(found)) {
            throw new ModelException("the graph's embedding is '%s', but model.embedding is '%s'; remove that setting"
                    .formatted(found, names.embedding().orElseThrow()));
        }
        String prefix = names.lstm().orElse("");
        for (OnnxLstm lstm : stack.lstms()) {
            if (!lstm.name().startsWith(prefix)) {
                throw new ModelException("the output depends on %s, but model.lstm is '%s'; remove that setting"
                        .formatted(lstm.describe(), prefix));
            }
        }
    }

    private static String note(ClassScores scores) {
        OnnxLinear linear = scores.linear();
        String bias = linear.bias() == null ? "" : " and " + linear.bias().describe();
        return "the output layer is tensor %s%s; the graph %s"
                .formatted(
                        linear.weights().describe(),
                        bias,
                        scores.form().end().sentence(linear.layer().classes()));
    }
}
