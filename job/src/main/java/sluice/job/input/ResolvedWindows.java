package sluice.job.input;

import java.util.Optional;
import sluice.cell.InputKind;
import sluice.cell.ScoreRequest;
import sluice.cell.Windows;
import sluice.job.message.RefusedException;
import sluice.job.settings.WindowSettings;

/** The windows of the settings, with the padding as the model reads it. */
public final class ResolvedWindows {
    private static final String PAD = "input.window-pad";

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
        if (plan.kind() != InputKind.FEATURES) {
            return BoundaryTokens.id(
                    PAD, pad, plan.form().needsVocabulary() ? plan.vocabulary().orElseThrow() : null);
        }
        try {
            return Double.parseDouble(pad);
        } catch (NumberFormatException e) {
            throw new RefusedException(
                    "%s = '%s': expected a number, because the model reads features".formatted(PAD, pad), e);
        }
    }
}
