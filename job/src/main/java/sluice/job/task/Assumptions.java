package sluice.job.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import sluice.cell.InputKind;
import sluice.cell.OutputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.model.LstmModel;
import sluice.cell.model.OutputLayer;

/** What a run assumes about the answers that it was asked for, where the model leaves it open: sentences for the user. */
final class Assumptions {
    private final LstmModel model;
    private final InputKind input;
    private final ScoreRequest request;
    private final int classes;

    private Assumptions(LstmModel model, InputKind input, ScoreRequest request) {
        this.model = model;
        this.input = input;
        this.request = request;
        this.classes = model.output().map(OutputLayer::classes).orElse(0);
    }

    /** @param hasVocabulary whether there are words, with which topk would be labelled */
    static List<String> of(LstmModel model, InputKind input, ScoreRequest request, boolean hasVocabulary) {
        List<String> notes = new ArrayList<>();
        Assumptions assumptions = new Assumptions(model, input, request);
        assumptions.addBackward(notes);
        assumptions.addClasses(notes, hasVocabulary);
        return List.copyOf(notes);
    }

    /**
     * Whether words name the classes: if the classes are tokens, by the setting or because their numbers are equal; or if the model reads
     * features, which have no words of their own.
     */
    static boolean namesClasses(LstmModel model, InputKind input, ScoreRequest request) {
        int classes = model.output().map(OutputLayer::classes).orElse(0);
        return !input.takesTokens() || request.firstClass() > 0 || classes == model.tokens();
    }

    /** Why classes have no words, where {@link #namesClasses} is false or there are no words. */
    static String noWords(boolean hasVocabulary) {
        return hasVocabulary
                ? "the vocabulary's words are tokens, but the model has other numbers of tokens and classes: list token ids, or set output.first-class"
                        + " to the token of class 0"
                : "there is no vocabulary: set input.vocabulary to a file of words, or list token ids";
    }

    private void addBackward(List<String> notes) {
        if (model.looksAhead() && request.needsTargets() && request.windows().isEmpty()) {
            notes.add(
                    "%s: the model also reads backward, so it has seen the token whose probability it gives; this is not the likelihood of a language model"
                            .formatted(asked(false)));
        }
    }

    private void addClasses(List<String> notes, boolean hasVocabulary) {
        int first = request.firstClass();
        boolean nearly = model.tokens() == classes + 1;
        String asked = asked(hasVocabulary || nearly || request.choosesClasses());
        if (asked.isEmpty() || !input.takesTokens() || first + (long) classes == model.tokens()) {
            return;
        }
        String assumed = first == 0 ? "class k is taken as token k" : "class k is taken as token k + " + first;
        String labels = hasVocabulary && request.asksFor(OutputKind.TOPK) && !namesClasses(model, input, request)
                ? ", and topk has no labels"
                : "";
        String remedy = first == 0
                ? "; if class 0 is another token, such as 1 where token 0 is padding, set output.first-class"
                : "";
        notes.add(String.format(
                Locale.ROOT,
                "%s: the model has %,d tokens and %,d classes; %s (output.first-class = %d)%s%s",
                asked,
                model.tokens(),
                classes,
                assumed,
                first,
                labels,
                remedy));
    }

    /** The requested kinds that take a class for a token, as text. */
    private String asked(boolean withTopK) {
        return request.kinds().stream()
                .filter(kind -> request.needsTargets(kind)
                        || (withTopK && kind == OutputKind.TOPK)
                        || (request.choosesClasses() && request.isChosen(kind)))
                .map(kind -> kind.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
    }
}
