package sluice.job.column;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import sluice.cell.ClassChoice;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.ScoredSequence;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.LstmModel;
import sluice.job.fixture.TorchCase;
import sluice.job.settings.BadRowRule;
import sluice.job.settings.VectorForm;

/** Each output kind has a column, with this type and this size. */
class OutputColumnsTest {
    private static final LstmModel MODEL = TorchCase.named("bi_l2_h17").model();
    private static final Sequence SEQUENCE = Sequence.ofTokens(0, 1, 2);

    static Stream<Arguments> kindsAndSteps() {
        return Arrays.stream(OutputKind.values())
                .flatMap(kind ->
                        Arrays.stream(Steps.values()).filter(kind::availableAt).map(at -> Arguments.of(kind, at)));
    }

    private static ScoreRequest request(OutputKind kind, Steps at) {
        return new ScoreRequest(at, Set.of(kind), 3);
    }

    private static OutputColumns columns(OutputKind kind, Steps at, VectorForm form) {
        return new OutputColumns(request(kind, at), form, "", Optional.empty(), BadRowRule.FAIL);
    }

    private static ScoredSequence answer(OutputKind kind, Steps at) {
        return CompiledModel.compile(MODEL, InputKind.EMBEDDING, KernelChoice.SCALAR)
                .scorer(request(kind, at))
                .score(List.of(SEQUENCE))
                .get(0);
    }

    @ParameterizedTest
    @MethodSource("kindsAndSteps")
    void everyKindHasAColumn(OutputKind kind, Steps at) {
        assertThat(ColumnRegistry.of(request(kind, at), VectorForm.ARRAY, null))
                .as("a kind without a line in ColumnRegistry can't be written")
                .hasSize(1);
        for (VectorForm form : VectorForm.values()) {
            OutputColumns columns = columns(kind, at, form);
            Row row = columns.complete(new Object[columns.count()], answer(kind, at));
            assertThat(row.get(0)).as("value of %s at %s as %s", kind, at, form).isNotNull();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SOFTMAX    | LAST | array<float>        | binary",
                "SOFTMAX    | EACH | array<array<float>> | binary",
                "LOGITS     | LAST | array<float>        | binary",
                "LOGITS     | EACH | array<array<float>> | binary",
                "SIGMOID    | LAST | array<float>        | binary",
                "SIGMOID    | EACH | array<array<float>> | binary",
                "PREDICTION | LAST | int                 | int",
                "PREDICTION | EACH | array<int>          | array<int>",
                "TOPK       | LAST | array<struct<token:int,label:string,probability:float>> | array<struct<token:int,label:string,probability:float>>",
                "TOPK       | EACH | array<array<struct<token:int,label:string,probability:float>>> | array<array<struct<token:int,label:string,probability:float>>>",
                "LOGLIK     | LAST | struct<sum:double,perplexity:double,tokens:int> | struct<sum:double,perplexity:double,tokens:int>",
                "LOGLIK     | EACH | struct<sum:double,perplexity:double,tokens:int> | struct<sum:double,perplexity:double,tokens:int>",
                "LOGPROB    | EACH | array<float>        | binary",
                "RANK       | EACH | array<int>          | array<int>",
                "HIDDEN     | LAST | array<float>        | binary",
                "HIDDEN     | EACH | array<array<float>> | binary",
                "CELL       | LAST | array<float>        | binary",
                "CELL       | EACH | array<array<float>> | binary",
                "STATE      | LAST | struct<h:array<array<float>>,c:array<array<float>>> | struct<h:array<array<float>>,c:array<array<float>>>",
                "GATES      | EACH | array<struct<input:array<float>,forget:array<float>,candidate:array<float>,output:array<float>,cell:array<float>>> | struct<input:binary,forget:binary,candidate:binary,output:binary,cell:binary>"
            })
    void typeOf(OutputKind kind, Steps at, String array, String binary) {
        assertThat(columns(kind, at, VectorForm.ARRAY)
                        .appendTo(new StructType(), MODEL)
                        .fields())
                .extracting(field -> field.dataType().catalogString())
                .containsExactly(array);
        assertThat(columns(kind, at, VectorForm.BINARY)
                        .appendTo(new StructType(), MODEL)
                        .fields())
                .extracting(field -> field.dataType().catalogString())
                .containsExactly(binary);
    }

    /** Two layers of two directions with 17 cells each; three of the classes in topk. */
    @ParameterizedTest
    @CsvSource({
        "PREDICTION, LAST, 4",
        "PREDICTION, EACH, 40",
        "TOPK, LAST, 24",
        "TOPK, EACH, 240",
        "LOGLIK, LAST, 20",
        "LOGLIK, EACH, 20",
        "LOGPROB, EACH, 36",
        "RANK, EACH, 36",
        "HIDDEN, LAST, 136",
        "HIDDEN, EACH, 1360",
        "CELL, LAST, 136",
        "CELL, EACH, 1360",
        "STATE, LAST, 544",
        "GATES, EACH, 6800"
    })
    void bytesOfTenSteps(OutputKind kind, Steps at, double bytes) {
        assertThat(new OutputSize(MODEL, request(kind, at)).bytes(10)).isEqualTo(bytes);
    }

    @Test
    void bytesOfDistributions() {
        int classes = MODEL.output().orElseThrow().classes();
        for (OutputKind kind : List.of(OutputKind.SOFTMAX, OutputKind.LOGITS, OutputKind.SIGMOID)) {
            assertThat(new OutputSize(MODEL, request(kind, Steps.LAST)).bytes(10))
                    .isEqualTo(4 * classes);
            assertThat(new OutputSize(MODEL, request(kind, Steps.EACH)).bytes(10))
                    .isEqualTo(40 * classes);
        }
    }

    @Test
    void bytesOfCandidates() {
        ScoreRequest request = ScoreRequest.ofCandidates(
                Set.of(OutputKind.SOFTMAX, OutputKind.RANK, OutputKind.TOPK, OutputKind.PREDICTION),
                2,
                OptionalInt.empty());
        OutputSize size = new OutputSize(MODEL, request);
        assertThat(size.bytes(10, 0)).isEqualTo(2 * 8 + 4);
        assertThat(size.bytes(10, 2.5)).isEqualTo(2 * 8 + 4 + 2.5 * 8);
        assertThat(size.bytes(Sequence.ofTokens(0).about(ClassChoice.ofCandidates(1, 2, 1))))
                .isEqualTo(2 * 8 + 4 + 3 * 8);
    }

    @Test
    void bytesOfAnEmptySequence() {
        ScoreRequest each = new ScoreRequest(Steps.EACH, Set.of(OutputKind.HIDDEN, OutputKind.RANK), 1);
        assertThat(new OutputSize(MODEL, each).bytes(0)).isEqualTo(0);
        assertThat(new OutputSize(MODEL, each.withFinalState()).bytes(0))
                .as("the final state")
                .isEqualTo(544);
    }

    @Test
    void columnsAreSerializableAfterUse() throws IOException, ClassNotFoundException {
        OutputColumns used = columns(OutputKind.CELL, Steps.LAST, VectorForm.ARRAY);
        ScoredSequence answer = answer(OutputKind.CELL, Steps.LAST);
        float[] expected = (float[]) used.complete(new Object[1], answer).get(0);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(used);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            OutputColumns arrived = (OutputColumns) in.readObject();
            assertThat(arrived.count()).isEqualTo(1);
            assertThat((float[]) arrived.complete(new Object[1], answer).get(0)).isEqualTo(expected);
        }
    }
}
