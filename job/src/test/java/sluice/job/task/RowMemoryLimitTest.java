package sluice.job.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sluice.cell.InputKind;
import sluice.cell.KernelChoice;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Sequence;
import sluice.cell.Steps;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.LstmModel;
import sluice.job.fixture.ModelFiles;
import sluice.job.input.RowDefect;

class RowMemoryLimitTest {
    private static final int CLASSES = 1000;

    @TempDir
    private Path directory;

    private RowMemoryLimit limit(OutputKind kind, Steps at, long bytes) {
        LstmModel model =
                ModelFiles.read(ModelFiles.classifier(directory.resolve("model.safetensors"), CLASSES, CLASSES));
        ScoreRequest request = new ScoreRequest(at, List.of(kind), 5);
        CompiledModel compiled = CompiledModel.compile(model, InputKind.EMBEDDING, KernelChoice.SCALAR);
        return new RowMemoryLimit(model, request, compiled.scorer(request), bytes);
    }

    private static Sequence steps(int length) {
        return Sequence.ofTokens(new int[length]);
    }

    @Test
    void anAnswerHasToFitIntoMemorySeveralTimes() {
        RowMemoryLimit limit = limit(OutputKind.SOFTMAX, Steps.EACH, 40_000_000);
        assertThat(limit.check(steps(1_000))).isEmpty();
        assertThat(limit.check(steps(1_200)))
                .map(RowDefect::text)
                .hasValueSatisfying(text -> assertThat(text)
                        .startsWith("its answer to 1,200 steps is 4.6 MiB, and takes 41.")
                        .contains("of the 38.1 MiB that a task has here")
                        .contains("--driver-memory in local mode"));
    }

    @Test
    void smallOutputsFitForManySteps() {
        assertThat(limit(OutputKind.LOGLIK, Steps.EACH, 40_000_000).check(steps(1_000_000)))
                .isEqualTo(Optional.empty());
        assertThat(limit(OutputKind.SOFTMAX, Steps.LAST, 40_000_000).check(steps(1_000_000)))
                .isEqualTo(Optional.empty());
    }

    @ParameterizedTest
    @CsvSource({"local,1", "local[3],3", "'local[4,2]',4", "yarn,1", "k8s://https://there:443,1"})
    void aProcessRunsAsManyTasksAsItsMasterSays(String master, int tasks) {
        assertThat(RowMemoryLimit.tasksAtOnce(new SparkConf(false).set("spark.master", master)))
                .isEqualTo(tasks);
    }

    @Test
    void anExecutorRunsAsManyAsItsCoresAllow() {
        SparkConf conf = new SparkConf(false).set("spark.master", "yarn").set("spark.executor.cores", "8");
        assertThat(RowMemoryLimit.tasksAtOnce(conf)).isEqualTo(8);
        assertThat(RowMemoryLimit.tasksAtOnce(conf.set("spark.task.cpus", "2"))).isEqualTo(4);
    }
}
