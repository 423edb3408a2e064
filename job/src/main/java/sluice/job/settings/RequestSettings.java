package sluice.job.settings;

import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import sluice.cell.OutputKind;
import sluice.cell.Pooling;
import sluice.cell.ScoreRequest;
import sluice.cell.Steps;
import sluice.job.message.RefusedException;

/** Reads the settings of {@code output.*} that say what is computed for a sequence. */
final class RequestSettings {
    private RequestSettings() {}

    /** @throws RefusedException if they do not fit together */
    static ScoreRequest read(SettingValues values, AnswerClasses classes) {
        Steps at = values.constant(SettingKey.OUTPUT_AT, Steps.class);
        requireLast(at, SettingKey.OUTPUT_CANDIDATES, classes.candidates().isPresent());
        requireLast(at, SettingKey.OUTPUT_EXCLUDE, classes.excludes());
        Pooling pooling = values.constant(SettingKey.OUTPUT_POOL, Pooling.class);
        requireLast(at, SettingKey.OUTPUT_POOL, pooling != Pooling.LAST);
        ScoreRequest request;
        try {
            request = request(values, at, classes)
                    .withFirstClass((int) values.within(SettingKey.OUTPUT_FIRST_CLASS, 0, Integer.MAX_VALUE));
        } catch (IllegalArgumentException e) {
            throw new RefusedException("output.emit: " + e.getMessage(), e);
        }
        if (classes.excludes()) {
            request = request.withExclusions();
        }
        return request.withTemperature(values.positive(SettingKey.OUTPUT_TEMPERATURE))
                .withPooling(pooling);
    }

    private static ScoreRequest request(SettingValues values, Steps at, AnswerClasses classes) {
        List<OutputKind> kinds = values.constants(SettingKey.OUTPUT_EMIT, OutputKind.class);
        int topK = (int) values.within(SettingKey.OUTPUT_TOP_K, 1, Integer.MAX_VALUE);
        OptionalInt gatesLayer = values.numberOr("top", SettingKey.OUTPUT_GATES_LAYER);
        return classes.candidates().isPresent()
                ? ScoreRequest.ofCandidates(kinds, topK, gatesLayer)
                : new ScoreRequest(at, kinds, topK, gatesLayer);
    }

    private static void requireLast(Steps at, SettingKey key, boolean isSet) {
        if (isSet && at != Steps.LAST) {
            throw new RefusedException(String.format(
                    Locale.ROOT,
                    "%s is for one answer to each sequence, and output.at = each: set output.at (--at) to last, or leave %s as it is by default",
                    key,
                    key));
        }
    }
}
