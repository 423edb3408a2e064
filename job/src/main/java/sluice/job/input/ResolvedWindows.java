package sluice.job.input;

import java.util.Optional;
import sluice.cell.InputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Windows;
import sluice.job.message.RefusedException;
import sluice.job.settings.WindowSettings;

/** The windows of the settings, with the padding as the model reads it. */
public final class ResolvedWindows {
    private ResolvedWindows() {}

    /**
     * The request with the windows of the settings, if there are any.
     *
     * @throws RefusedException if the padding is no token or number
     */
    public static ScoreRequest in(ScoreRequest request, Optional<WindowSettings> settings, InputPlan plan) {
        return settings.map(found -> request.withWindows(windows(found, plan))).orElse(request);
    }

    private static Windows windows(WindowSettings settings, InputPlan plan) {
        return settings.pad()
                .map(pad -> settings.windows().padded(value(pad, plan), settings.padding()))
                .orElse(settings.windows());
    }

    private static double value(String pad, InputPlan plan) {
        if (plan.form().needsVocabulary()) {
            return plan.vocabulary()
                    .map(words -> words.id(pad))
                    .orElseThrow(() ->
                            new RefusedException("input.window-pad = '%s' is not in the vocabulary".formatted(pad)));
        }
        String expected = plan.kind() == InputKind.FEATURES
                ? "a number, because the model reads features"
                : "a token id, because there is no vocabulary";
        try {
            return plan.kind() == InputKind.FEATURES ? Double.parseDouble(pad) : Integer.parseInt(pad);
        } catch (NumberFormatException e) {
            throw new RefusedException("input.window-pad = '%s': expected %s".formatted(pad, expected), e);
        }
    }
}
