package sluice.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.cell.weights.ModelReader;
import sluice.cell.weights.file.TensorNames;
import sluice.job.fixture.ModelFiles;
import sluice.job.message.Console;
import sluice.job.settings.Settings;

class ReportPrinterTest {
    @TempDir
    Path folder;

    private String said(int tokens, int classes, String emit, String at) throws IOException {
        Path model = ModelFiles.classifier(folder.resolve("model.safetensors"), tokens, classes);
        StringWriter said = new StringWriter();
        PrintWriter writer = new PrintWriter(said, true);
        Settings settings = Settings.read(
                null,
                Map.of(
                        "model.path",
                        model.toString(),
                        "input.path",
                        folder.toString(),
                        "output.path",
                        folder.resolve("out").toString(),
                        "output.emit",
                        emit,
                        "output.at",
                        at));
        new ReportPrinter(settings, new Console(writer, writer), new Configuration())
                .print(ModelReader.read(model, TensorNames.automatic()));
        return said.toString();
    }

    @ParameterizedTest
    @CsvSource({"loglik, last", "logprob, each", "rank, each", "topk, last"})
    void classesThatMayBeOtherTokensAreNoted(String emit, String at) throws IOException {
        assertThat(said(21, 20, emit, at))
                .contains(
                        "note: the model has 21 tokens and 20 classes, and class k is taken as token k: if a class stands for "
                                + "another token, loglik, logprob, rank and topk are those of the wrong tokens");
    }

    @Test
    void otherOutputsAndModelsAreNotNoted() throws IOException {
        assertThat(said(21, 20, "softmax", "last")).doesNotContain("class k is taken as token k");
        assertThat(said(21, 21, "loglik", "last")).doesNotContain("class k is taken as token k");
        assertThat(said(21, 4, "topk", "last")).doesNotContain("class k is taken as token k");
    }
}
