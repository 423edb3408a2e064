package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sluice.job.fixture.Run;
import sluice.job.fixture.Tables;
import sluice.job.fixture.TorchCase;
import sluice.job.message.RefusedException;

/** {@code model.readout}: a PyTorch file does not say which states a bidirectional model's output layer reads, so a setting does. */
class ReadoutTest {
    private static final TorchCase BIDIRECTIONAL = TorchCase.named("bi_l2_h17");
    private static final TorchCase FORWARD = TorchCase.named("uni_l2_h17");

    @TempDir
    Path folder;

    private Run run(TorchCase torch, String readout) {
        return Run.of(torch, folder.resolve(readout))
                .with("model.readout", readout)
                .with("output.emit", "softmax,hidden,state")
                .withInput(Tables.ofIds(torch.tokens()), 1, folder.resolve("in " + readout));
    }

    @Test
    void finalStatesAreThoseOfBothDirections() {
        List<Row> lasts = run(BIDIRECTIONAL, "last-step").rows();
        List<Row> finals = run(BIDIRECTIONAL, "final-states").rows();

        int different = 0;
        for (int row = 0; row < finals.size(); row++) {
            List<List<Float>> h = finals.get(row).<Row>getAs("state").getList(0);
            List<Float> both = new ArrayList<>(listOf(h.get(h.size() - 2)));
            both.addAll(listOf(h.get(h.size() - 1)));
            assertThat(finals.get(row).getList(finals.get(row).fieldIndex("hidden")))
                    .as("the last h_n of both directions")
                    .isEqualTo(both);
            different += finals.get(row).getAs("softmax").equals(lasts.get(row).getAs("softmax")) ? 0 : 1;
        }
        assertThat(different).as("answers that differ").isGreaterThan(finals.size() / 2);
    }

    @SuppressWarnings("unchecked")
    private static List<Float> listOf(Object row) {
        return scala.jdk.javaapi.CollectionConverters.asJava((scala.collection.Seq<Float>) row);
    }

    @Test
    void aForwardModelIsTheSameEitherWay() {
        assertThat(run(FORWARD, "final-states").rows())
                .isEqualTo(run(FORWARD, "last-step").rows());
        assertThat(run(FORWARD, "final-states")
                        .with("output.path", folder.resolve("auto"))
                        .score()
                        .model()
                        .model()
                        .fingerprint())
                .isEqualTo(FORWARD.model().fingerprint());
    }

    @Test
    void aModelThatReadsFinalStatesHasOneAnswerPerSequence() {
        Run run = run(BIDIRECTIONAL, "final-states").with("output.at", "each").with("output.emit", "softmax");

        assertThatThrownBy(run::score)
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining(
                        "softmax is not available for each step: the model's output layer reads the final states");
    }
}
