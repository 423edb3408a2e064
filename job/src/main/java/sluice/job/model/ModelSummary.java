package sluice.job.model;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import sluice.cell.model.Embedding;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Readout;
import sluice.cell.weights.file.ModelFile;
import sluice.job.message.HumanText;
import sluice.job.message.TwoColumnText;

/** Human-readable description of a model file, printed by {@code --describe}. */
public record ModelSummary(String path, ModelFile file, Optional<Vocabulary> vocabulary) {
    private static final int SHOWN_WORDS = 8;

    public List<String> lines() {
        return page().lines();
    }

    public TwoColumnText page() {
        LstmModel model = file.model();
        TwoColumnText page = new TwoColumnText();
        page.add("model", path);
        page.add("format", file.format());
        page.add("input", input(model));
        for (LstmLayer layer : model.layers()) {
            addLayer(page, model.layers().indexOf(layer), layer);
        }
        page.add("output", output(model));
        page.add("gates", gates());
        page.add(
                "parameters",
                "%,d (%s of float32)".formatted(model.parameters(), HumanText.size(model.parameters() * Float.BYTES)));
        page.add("vocabulary", vocabulary.map(words -> words(words, model)).orElse("none"));
        page.add("sha-256", model.fingerprint());
        file.notes().forEach(note -> page.add("note", note));
        return page;
    }

    private static String input(LstmModel model) {
        return model.embedding()
                .map(embedding -> "%,d tokens, an embedding of width %d%s"
                        .formatted(embedding.tokens(), embedding.width(), padding(embedding)))
                .orElse("width %d, no embedding: one-hot tokens, or %<d features a step".formatted(model.inputWidth()));
    }

    private static String padding(Embedding embedding) {
        OptionalInt padding = embedding.padding();
        return padding.isPresent() ? "; padding token %d".formatted(padding.getAsInt()) : "";
    }

    private static void addLayer(TwoColumnText page, int depth, LstmLayer layer) {
        String merge = layer.directions().size() == 1
                ? ""
                : ", its directions merged by " + layer.merge().name().toLowerCase(Locale.ROOT);
        page.add("layer " + depth, "reads %d, gives %d%s".formatted(layer.inputWidth(), layer.outputWidth(), merge));
        for (LstmDirection direction : layer.directions()) {
            page.add(direction.reversed() ? "  backward" : "  forward", cell(direction));
        }
    }

    private static String cell(LstmDirection direction) {
        StringJoiner parts = new StringJoiner(", ");
        parts.add("%d units".formatted(direction.hiddenWidth()));
        direction.projection().ifPresent(projection -> parts.add("projected to " + projection.rows()));
        parts.add(
                direction.variant().isPlain()
                        ? "the plain cell"
                        : direction.variant().toString());
        if (isStarted(direction.initialHidden()) || isStarted(direction.initialCell())) {
            parts.add("starts from a state of its own");
        }
        return parts.toString();
    }

    private static boolean isStarted(float[] state) {
        return IntStream.range(0, state.length).anyMatch(unit -> state[unit] != 0);
    }

    private static String output(LstmModel model) {
        String states = model.readout() == Readout.FINAL_STATES ? ", read from the final states of each direction" : "";
        return model.output()
                .map(output -> "%,d classes over width %d%s".formatted(output.classes(), output.width(), states))
                .orElse("no output layer: hidden states of width %d%s".formatted(model.outputWidth(), states));
    }

    private String gates() {
        return file.gateOrder().isCanonical()
                ? "%s, as in the file".formatted(file.gateOrder())
                : "%s in the file, reordered to i, f, g, o".formatted(file.gateOrder());
    }

    private static String words(Vocabulary words, LstmModel model) {
        String first = IntStream.range(0, words.size())
                .mapToObj(words::word)
                .filter(Objects::nonNull)
                .limit(SHOWN_WORDS)
                .collect(Collectors.joining(" "));
        String more = words.size() > SHOWN_WORDS ? " ..." : "";
        String misfit = words.size() > model.tokens()
                ? "; the model has %,d tokens: this may be the vocabulary of another model".formatted(model.tokens())
                : "";
        return "%,d words: %s%s%s".formatted(words.size(), first, more, misfit);
    }
}
