package sluice.cell.weights.statedict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.Sample;
import sluice.cell.Samples;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.ModelException;
import sluice.cell.model.Readout;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.SafetensorsWriter;
import sluice.cell.weights.SafetensorsWriter.RawTensor;
import sluice.cell.weights.file.ModelFile;
import sluice.cell.weights.file.TensorNames;

/** Every saved model has the same fingerprint when it is read again. */
class StateDictWriterTest {
    private static List<Sample> everyKind() {
        return Samples.everyKind();
    }

    private static byte[] written(LstmModel model, Map<String, String> metadata) {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try {
            StateDictWriter.write(model, metadata, file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file.toByteArray();
    }

    private static ModelFile read(byte[] file) {
        return read(file, TensorNames.automatic());
    }

    private static ModelFile read(byte[] file, TensorNames names) {
        try {
            return ModelReader.read("saved", new MemoryChannel(file), names);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertRoundTrip(String what, LstmModel model) {
        ModelFile read = read(written(model, Map.of("format", "pt")));
        assertThat(read.model().toString()).as(what).isEqualTo(model.toString());
        assertThat(read.model().fingerprint()).as(what).isEqualTo(model.fingerprint());
        assertThat(read.metadata()).as(what).containsEntry("format", "pt");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyKind")
    void randomModelRoundTrips(Sample sample) {
        assertRoundTrip(sample.toString(), sample.model());
    }

    private static LstmModel bare(LstmLayer... layers) {
        return new LstmModel(Optional.empty(), List.of(layers), Optional.empty());
    }

    /** Every activation in every position, peepholes, clips and coupled gates, without a bound on the states. */
    @Test
    void everyCellVariantRoundTrips() {
        for (long seed : Samples.seeds()) {
            Samples samples = new Samples(seed);
            LstmDirection direction = samples.direction(3, 5).with(samples.anyVariant(5));
            assertRoundTrip("-Dsluice.seed=" + seed, bare(LstmLayer.of(direction)));
            assertRoundTrip("-Dsluice.seed=" + seed, bare(LstmLayer.of(direction.backward())));
        }
    }

    @Test
    void everyActivationRoundTripsWithItsParameters() {
        for (Activation.Kind kind : Activation.Kind.values()) {
            Activation odd = new Activation(kind, -Float.MIN_VALUE, Float.MAX_VALUE);
            CellVariant variant = CellVariant.PLAIN.withActivations(odd, Activation.of(kind), odd);
            assertRoundTrip(
                    kind.name(),
                    bare(LstmLayer.of(new Samples(1).direction(2, 2).with(variant))));
        }
    }

    @Test
    void embeddingPaddingRoundTrips() {
        for (int padding : new int[] {0, 4}) {
            Embedding embedding = new Samples(1).embedding(5, 3).withPadding(padding);
            LstmLayer layer = LstmLayer.of(new Samples(2).direction(3, 2));
            LstmModel model = new LstmModel(Optional.of(embedding), List.of(layer), Optional.empty());
            assertRoundTrip("padding " + padding, model);
            assertThat(read(written(model, Map.of()))
                            .model()
                            .embedding()
                            .orElseThrow()
                            .padding())
                    .hasValue(padding);
        }
    }

    @Test
    void maskRoundTrips() {
        LstmModel model = bare(LstmLayer.of(new Samples(2).direction(3, 2))).withMask(-0.25f);
        assertRoundTrip("mask", model);
        assertThat(read(written(model, Map.of())).model().mask()).contains(-0.25f);
    }

    @Test
    void everyMergeRoundTrips() {
        for (LstmLayer.Merge merge : LstmLayer.Merge.values()) {
            LstmDirection forward = new Samples(1).direction(3, 2);
            LstmDirection backward = new Samples(2).direction(3, 2).backward();
            assertRoundTrip(merge.name(), bare(LstmLayer.bidirectional(forward, backward, merge)));
        }
    }

    @Test
    void finalStatesReadoutRoundTrips() {
        LstmDirection forward = new Samples(1).direction(3, 2);
        LstmLayer both = LstmLayer.bidirectional(forward, forward.backward());
        assertRoundTrip(
                "final states",
                new LstmModel(
                        Optional.empty(),
                        List.of(both),
                        Optional.of(new Samples(2).output(5, 4)),
                        Readout.FINAL_STATES));
    }

    @Test
    void layersOfDifferentWidthsAndDirectionsRoundTrip() {
        Samples samples = new Samples(1);
        assertRoundTrip(
                "forward, both, backward",
                bare(
                        LstmLayer.of(samples.direction(3, 7)),
                        LstmLayer.bidirectional(
                                samples.direction(7, 2),
                                samples.projected(7, 5, 1).backward()),
                        LstmLayer.of(samples.projected(3, 4, 6).backward())));
    }

    @Test
    void zerosKeepTheirSign() {
        float[] zeros = {0, -0f, 0, -0f, -0f, 0, 0, -0f};
        LstmDirection direction = new Samples(1).direction(3, 2);
        LstmDirection signed = LstmDirection.plain(direction.inputWeights(), direction.hiddenWeights(), zeros);
        assertRoundTrip("bias", bare(LstmLayer.of(signed)));
        assertRoundTrip("initial state", bare(LstmLayer.of(signed.startingFrom(new float[] {0, -0f}, new float[] {0, 0
        }))));
    }

    /** A plain model is a plain state dict without additions of Sluice. */
    @Test
    void plainModelHasOnlyPyTorchNames() throws IOException {
        LstmModel model = new Samples(1).languageModel(5, 3, 4).model();
        byte[] file = written(model, Map.of("format", "pt"));
        int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        ObjectNode header = (ObjectNode) new ObjectMapper().readTree(file, Long.BYTES, length);
        assertThat(header.remove("__metadata__").toString()).isEqualTo("{\"format\":\"pt\"}");
        assertThat(header.fieldNames())
                .toIterable()
                .containsExactly(
                        "embedding.weight",
                        "lstm.weight_ih_l0",
                        "lstm.weight_hh_l0",
                        "lstm.bias_ih_l0",
                        "lstm.bias_hh_l0",
                        "decoder.weight",
                        "decoder.bias");
        JsonNode offsets = header.path("lstm.bias_hh_l0").path("data_offsets");
        int begin = Long.BYTES + length + offsets.path(0).asInt();
        float[] bias = new float[(offsets.path(1).asInt() - offsets.path(0).asInt()) / Float.BYTES];
        ByteBuffer.wrap(file)
                .position(begin)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(bias);
        assertThat(bias).containsOnly(-0f);
    }

    /** An alias from the source file would give one of these tensors a second name. */
    @Test
    void ambiguousMetadataIsOmitted() {
        LstmModel model = new Samples(1).languageModel(5, 4, 4).model();
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("output.weight", "embedding.weight");
        metadata.put(ModelDescription.KEY, "{}");
        metadata.put("k".repeat(1_001), "long");
        metadata.put("vocabulary", "[\"\u00e4\", \"\\\"\"]\n");
        ModelFile read = read(written(model, metadata));
        assertThat(read.model().fingerprint()).isEqualTo(model.fingerprint());
        assertThat(read.metadata()).isEqualTo(Map.of("vocabulary", "[\"\u00e4\", \"\\\"\"]\n"));
    }

    // Malicious descriptions

    private static byte[] withDescription(List<RawTensor> tensors, String description) {
        return SafetensorsWriter.bytes(tensors, Map.of(ModelDescription.KEY, description));
    }

    private static List<RawTensor> tensors() {
        return SafetensorsWriter.tensors(new Samples(1).languageModel(5, 3, 4).model());
    }

    private static void assertRefused(byte[] file, String message) {
        assertThatThrownBy(() -> read(file)).isInstanceOf(ModelException.class).hasMessageContaining(message);
    }

    @Test
    void minimalDescriptionIsRead() {
        LstmModel model = read(withDescription(tensors(), "{\"version\":1,\"layers\":[{\"forward\":{}}]}"))
                .model();
        assertThat(model.fingerprint())
                .isEqualTo(new Samples(1).languageModel(5, 3, 4).model().fingerprint());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]|is not a JSON object",
                "{|is not the JSON of a saved model",
                "{} {}|has text after its JSON object",
                "{}|has version -1, expected 1",
                "{'version':2,'layers':[{'forward':{}}]}|has version 2, expected 1",
                "{'version':1.5,'layers':[{'forward':{}}]}|has a version that is not an integer",
                "{'version':99999999999999999999,'layers':[]}|is not the JSON of a saved model",
                "{'version':1}|has no layers",
                "{'version':1,'layers':[]}|has no layers",
                "{'version':1,'layers':{}}|has a 'layers' that is not an array",
                "{'version':1,'layers':[7]}|has a layer that is not a JSON object",
                "{'version':1,'layers':[{}]}|has a layer 0 without a direction",
                "{'version':1,'version':1,'layers':[{'forward':{}}]}|Duplicate field 'version'",
                "{'version':1,'layers':[{'forward':{},'forward':{}}]}|Duplicate field 'forward'",
                "{'version':1,'layers':[{'forward':{'clip':1,'clip':2}}]}|Duplicate field 'clip'",
                "{'version':1,'layers':[{'forward':[]}]}|has a layer 0 forward that is not a JSON object",
                "{'version':1,'layers':[{'forward':{},'merge':'sum'}]}|has a layer 0 that merges one direction",
                "{'version':1,'layers':[{'forward':{},'merge':'max'}]}|has 'layer 0 merge' max, expected one of concat, sum, mul, average",
                "{'version':1,'layers':[{'forward':{}}],'more':1}|has the unknown field 'more' in the top level",
                "{'version':1,'layers':[{'forward':{}}],'padding':9}|padding by token 9: expected one of [0, 5)",
                "{'version':1,'layers':[{'forward':{}}],'mask':0}|a mask of features in a model with an embedding",
                "{'version':1,'layers':[{'forward':{}}],'padding':'0'}|has a padding that is not an integer",
                "{'version':1,'layers':[{'forward':{}}],'padding':99999999999}|is not the JSON of a saved model",
                "{'version':1,'layers':[{'forward':{}}],'readout':'each'}|has 'readout' each, expected one of last_step, final_states",
                "{'version':1,'layers':[{'sideways':{}}]}|has the unknown field 'sideways' in layer 0",
                "{'version':1,'layers':[{'forward':{'zoneout':1}}]}|has the unknown field 'zoneout' in layer 0 forward",
                "{'version':1,'layers':[{'forward':{'gate':'swish'}}]}|has 'layer 0 forward gate' swish, expected one of sigmoid",
                "{'version':1,'layers':[{'forward':{'gate':{'a':1}}}]}|is not the JSON of a saved model",
                "{'version':1,'layers':[{'forward':{'gate':'elu'}}]}|has no 'layer 0 forward gate-alpha', which elu needs",
                "{'version':1,'layers':[{'forward':{'gate-beta':1}}]}|has 'layer 0 forward gate-beta', which sigmoid does not take",
                "{'version':1,'layers':[{'forward':{'clip':'3'}}]}|has 'layer 0 forward clip' 3, expected a number",
                "{'version':1,'layers':[{'forward':{'clip':1e39}}]}|has 'layer 0 forward clip' 1e39, which float32 can't hold",
                "{'version':1,'layers':[{'forward':{'clip':0}}]}|a clip of 0.0: expected a number above 0",
                "{'version':1,'layers':[{'forward':{'clip':-1}}]}|a clip of -1.0: expected a number above 0",
                "{'version':1,'layers':[{'forward':{'coupled':1}}]}|has 'layer 0 forward coupled' 1, expected true or false",
                "{'version':1,'layers':[{'forward':{}},{'forward':{}}]}|tensor 'lstm.weight_ih_l1' is missing",
                "{'version':1,'layers':[{'backward':{}}]}|tensor 'lstm.weight_ih_l0_reverse' is missing"
            })
    void invalidDescriptionIsRejected(String description, String message) {
        assertRefused(withDescription(tensors(), description.replace('\'', '"')), message);
    }

    private static final String ONE_LAYER = "{\"version\":1,\"layers\":[{\"forward\":{}}]}";

    private static List<RawTensor> with(RawTensor... more) {
        List<RawTensor> tensors = new ArrayList<>(tensors());
        for (RawTensor tensor : more) {
            tensors.removeIf(other -> other.name().equals(tensor.name()));
            tensors.add(tensor);
        }
        return tensors;
    }

    private static RawTensor tensor(String name, long... shape) {
        long values = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        return RawTensor.f32(name, new float[(int) values], shape);
    }

    @Test
    void tensorsThatContradictTheDescriptionAreRejected() {
        assertRefused(
                withDescription(with(tensor("lstm.weight_ih_l1", 16, 4)), ONE_LAYER),
                "does not include tensor 'lstm.weight_ih_l1' (16, 4)");
        assertRefused(
                withDescription(with(tensor("lstm.weight_ih_l0", 16)), ONE_LAYER),
                "tensor 'lstm.weight_ih_l0' has shape (16), expected a matrix");
        assertRefused(
                withDescription(with(tensor("lstm.weight_hh_l0", 16, 5)), ONE_LAYER),
                "hidden weights of shape (16, 5): expected (4H, H) = (16, 4)");
        assertRefused(
                withDescription(with(tensor("lstm.bias_hh_l0", 15)), ONE_LAYER),
                "tensors 'lstm.bias_ih_l0' and 'lstm.bias_hh_l0' have 16 and 15 values, expected the same number");
        assertRefused(
                withDescription(with(tensor("decoder.bias", 5, 1)), ONE_LAYER),
                "tensor 'decoder.bias' has shape (5, 1), expected one row");
        assertRefused(
                withDescription(with(tensor("lstm.initial_h_l0", 4)), ONE_LAYER),
                "tensor 'lstm.initial_c_l0' is missing");
        assertRefused(
                withDescription(with(tensor("lstm.peephole_i_l0", 4)), ONE_LAYER),
                "tensor 'lstm.peephole_f_l0' is missing");
        assertRefused(
                withDescription(
                        with(
                                tensor("lstm.peephole_i_l0", 3),
                                tensor("lstm.peephole_f_l0", 3),
                                tensor("lstm.peephole_o_l0", 3)),
                        ONE_LAYER),
                "the input gate's peephole of a layer with H = 4 has 3 values, expected 4");
        RawTensor notFinite = RawTensor.f32("decoder.bias", new float[] {0, 0, Float.NaN, 0, 0}, 5);
        assertRefused(
                withDescription(with(notFinite), ONE_LAYER), "tensor 'decoder.bias' has the value NaN at index [2]");
    }

    /** With aliases, one small layer could stand for ten thousand. */
    @Test
    void aliasesAreIgnoredWithADescription() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(ModelDescription.KEY, "{\"version\":1,\"layers\":[{\"forward\":{}},{\"forward\":{}}]}");
        for (String kind : List.of("weight_ih", "weight_hh", "bias_ih", "bias_hh")) {
            metadata.put("lstm." + kind + "_l1", "lstm." + kind + "_l0");
        }
        assertRefused(SafetensorsWriter.bytes(tensors(), metadata), "tensor 'lstm.weight_ih_l1' is missing");
    }

    @Test
    void userNamesAreRejectedWithADescription() {
        byte[] file = withDescription(tensors(), ONE_LAYER);
        for (TensorNames names : List.of(
                TensorNames.automatic().withEmbedding("none"),
                TensorNames.automatic().withOutput("decoder.weight"),
                TensorNames.automatic().withLstm("lstm."),
                TensorNames.automatic().withIgnored(List.of("decoder.")))) {
            assertThatThrownBy(() -> read(file, names))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("leave model.embedding, model.output, model.lstm and model.ignore empty");
        }
    }

    /** Random damage with a fixed seed must not throw anything except a ModelException. */
    @Test
    void randomDamageIsRejectedOrRead() {
        SplittableRandom random = new SplittableRandom(Long.getLong("sluice.seed", 5));
        LstmModel model = bare(LstmLayer.bidirectional(
                new Samples(1).direction(2, 2).with(new Samples(3).anyVariant(2)),
                new Samples(2)
                        .direction(2, 2)
                        .with(new Samples(4).anyVariant(2))
                        .backward(),
                LstmLayer.Merge.SUM));
        byte[] file = written(model, Map.of());
        int refused = 0;
        for (int time = 0; time < 5_000; time++) {
            byte[] damaged = file.clone();
            for (int hit = random.nextInt(1, 4); hit > 0; hit--) {
                damaged[random.nextInt(8, 700)] = (byte) random.nextInt(32, 127);
            }
            try {
                read(damaged);
            } catch (ModelException e) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(2_500);
    }
}
