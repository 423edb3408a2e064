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
import sluice.cell.model.InputPart;
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
        if (model.parts().isEmpty()) {
            page.add("input", input(model));
        }
        for (InputPart part : model.parts()) {
            page.add("input " + model.parts().indexOf(part), input(part));
        }
        for (LstmLayer layer : model.layers()) {
            addLayer(page, model.layers().indexOf(layer), layer);
        }
        page.add("output", output(model));
        page.add("gates", gates());
        page.add(
                "parameters",
                String.format(
                        Locale.ROOT,
                        "%,d (%s of float32)",
                        model.parameters(),
                        HumanText.size(model.parameters() * Float.BYTES)));
        page.add("vocabulary", vocabulary.map(words -> words(words, model)).orElse("none"));
        page.add("sha-256", model.fingerprint());
        file.notes().forEach(note -> page.add("note", note));
        return page;
    }

    private static String input(LstmModel model) {
        return model.embedding()
                .map(ModelSummary::tokens)
                .orElse(String.format(
                        Locale.ROOT,
                        "width %d, no embedding: one-hot tokens, or %<d features a step%s",
                        model.inputWidth(),
                        model.mask()
                                .map("; a step of only %s is skipped"::formatted)
                                .orElse("")));
    }

    private static String input(InputPart part) {
        String what = part.embedding()
                .map(ModelSummary::tokens)
                .orElse(String.format(Locale.ROOT, "%,d number%s a step", part.width(), part.width() == 1 ? "" : "s"));
        return "column '%s': %s".formatted(part.name(), what);
    }

    private static String tokens(Embedding embedding) {
        return String.format(
                Locale.ROOT,
                "%,d tokens, an embedding of width %d%s",
                embedding.tokens(),
                embedding.width(),
                padding(embedding));
    }

    private static String padding(Embedding embedding) {
        OptionalInt padding = embedding.padding();
        return padding.isPresent() ? String.format(Locale.ROOT, "; padding token %d", padding.getAsInt()) : "";
    }

    private static void addLayer(TwoColumnText page, int depth, LstmLayer layer) {
        String merge = layer.directions().size() == 1
                ? ""
                : ", its directions merged by " + layer.merge().name().toLowerCase(Locale.ROOT);
        page.add(
                "layer " + depth,
                String.format(Locale.ROOT, "reads %d, gives %d%s", layer.inputWidth(), layer.outputWidth(), merge));
        for (LstmDirection direction : layer.directions()) {
            page.add(direction.reversed() ? "  backward" : "  forward", cell(direction));
        }
    }

    private static String cell(LstmDirection direction) {
        StringJoiner parts = new StringJoiner(", ");
        parts.add(String.format(Locale.ROOT, "%d units", direction.hiddenWidth()));
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
                .map(output -> String.format(
                        Locale.ROOT,
                        "%s over width %d%s",
                        output.classes() == 1
                                ? "one number (--emit logits, or sigmoid for yes or no)"
                                : String.format(Locale.ROOT, "%,d classes", output.classes()),
                        output.width(),
                        states))
                .orElse(String.format(
                        Locale.ROOT, "no output layer: hidden states of width %d%s", model.outputWidth(), states));
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
        String misfit = model.parts().isEmpty() && words.size() > model.tokens()
                ? String.format(
                        Locale.ROOT,
                        "; the model has %,d tokens: this may be the vocabulary of another model",
                        model.tokens())
                : "";
        return String.format(Locale.ROOT, "%,d words: %s%s%s", words.size(), first, more, misfit);
    }
}
