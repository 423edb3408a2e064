package sluice.job.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sluice.cell.engine.CompiledModel;
import sluice.cell.model.ModelException;
import sluice.cell.online.Scorer;
import sluice.cell.online.Session;
import sluice.cell.online.UnscorableException;
import sluice.cell.weights.ModelReader;
import sluice.job.Main;
import sluice.job.report.MetricsPlugin;
import sluice.job.sql.SluiceCatalog;
import sluice.ml.SequenceScorer;

/** The public API is the committed one: CONTRIBUTING.md says what a change of it means, and how to commit it. */
class PublicApiTest {
    private static final String TO_COMMIT = "-Dsluice.write-api=true";

    /** An artifact, the types by which programs use it, and the committed listing of what they reach. */
    enum Artifact {
        CELL(
                "cell/sluice-cell.api",
                "sluice.cell.",
                CompiledModel.class,
                ModelException.class,
                ModelReader.class,
                Scorer.class,
                Session.class,
                UnscorableException.class),
        SPARK(
                "job/sluice-spark4_2.13.api",
                "sluice.",
                Main.class,
                MetricsPlugin.class,
                SequenceScorer.class,
                SluiceCatalog.class);

        private final Path committed;
        private final String ours;
        private final List<Class<?>> roots;

        Artifact(String committed, String ours, Class<?>... roots) {
            this.committed = Path.of("..").resolve(committed);
            this.ours = ours;
            this.roots = List.of(roots);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theApiIsTheCommittedOne(Artifact artifact) throws IOException {
        List<String> api = ApiListing.of(artifact.ours, artifact.roots);
        if (Boolean.getBoolean("sluice.write-api")) {
            Files.write(artifact.committed, api);
        }
        List<String> committed = Files.readAllLines(artifact.committed);
        assertThat(without(committed, api))
                .as(
                        "what %s lists, and the code does not have: programs that use it break. Restore it, or, for a breaking change, write the listing anew with %s and say so in CHANGELOG.md",
                        artifact.committed, TO_COMMIT)
                .isEmpty();
        assertThat(without(api, committed))
                .as(
                        "what the code has, and %s does not list: a later version has to keep it. Make it less visible, or write the listing anew with %s",
                        artifact.committed, TO_COMMIT)
                .isEmpty();
        assertThat(committed).isEqualTo(api);
    }

    /** The lines of a listing that another does not have, each with the type that it belongs to. */
    private static Set<String> without(List<String> listing, List<String> other) {
        Set<String> lines = new LinkedHashSet<>(qualified(listing));
        qualified(other).forEach(lines::remove);
        return lines;
    }

    private static List<String> qualified(List<String> listing) {
        List<String> lines = new ArrayList<>();
        String type = "";
        for (String line : listing) {
            if (line.startsWith(" ")) {
                lines.add(type + ":" + line);
            } else {
                type = line.replaceAll("(?s).*(?:class|enum|interface|record) (\\S+).*", "$1");
                lines.add(line);
            }
        }
        return lines;
    }
}
