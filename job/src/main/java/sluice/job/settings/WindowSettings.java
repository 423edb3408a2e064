package sluice.job.settings;

import java.util.Optional;
import java.util.OptionalInt;
import sluice.cell.ScoreRequest;
import sluice.cell.Windows;
import sluice.job.message.RefusedException;

/**
 * {@code input.window} and the settings of its partial windows.
 *
 * @param windows without padding
 * @param pad word, token id or number that partial windows are padded with
 * @param padding side of the padding
 */
public record WindowSettings(Windows windows, Optional<String> pad, Windows.Padding padding) {
    /**
     * Reads the settings.
     *
     * @return empty if there are no windows
     * @throws RefusedException if the settings have no meaning together
     */
    static Optional<WindowSettings> read(SettingValues values) {
        OptionalInt length = values.numberOr("none", SettingKey.INPUT_WINDOW, 1);
        Windows.Partial partial = values.constant(SettingKey.INPUT_PARTIAL_WINDOWS, Windows.Partial.class);
        Optional<String> pad = values.optional(SettingKey.INPUT_WINDOW_PAD);
        Windows.Padding padding = values.constant(SettingKey.INPUT_WINDOW_PADDING, Windows.Padding.class);
        if (length.isEmpty()) {
            if (pad.isPresent() || partial != Windows.Partial.SKIP) {
                throw new RefusedException(
                        "%s is set without input.window: set input.window to the number of steps that the model was trained on"
                                .formatted(
                                        pad.isPresent()
                                                ? SettingKey.INPUT_WINDOW_PAD
                                                : SettingKey.INPUT_PARTIAL_WINDOWS));
            }
            return Optional.empty();
        }
        if (pad.isPresent() && partial == Windows.Partial.SKIP) {
            throw new RefusedException(
                    "input.window-pad = '%s' with input.partial-windows = skip: no window is padded; set input.partial-windows to last or each, or leave input.window-pad empty"
                            .formatted(pad.get()));
        }
        requireNoState(values, SettingKey.INPUT_STATE);
        requireNoState(values, SettingKey.STATE_PATH);
        return Optional.of(new WindowSettings(new Windows(length.getAsInt(), partial), pad, padding));
    }

    private static void requireNoState(SettingValues values, SettingKey key) {
        if (values.optional(key).isPresent()) {
            throw new RefusedException(
                    "%s and input.window are both set, but a window starts from the model's own state: leave one of them empty"
                            .formatted(key));
        }
    }

    /** @throws RefusedException if a requested output has no meaning for windows */
    void requireFit(ScoreRequest request) {
        try {
            request.withWindows(windows);
        } catch (IllegalArgumentException e) {
            throw new RefusedException("output.emit: " + e.getMessage(), e);
        }
    }
}
