package sluice.job.input;

import java.io.Serializable;
import java.util.Optional;
import sluice.cell.InputKind;
import sluice.job.message.RefusedException;
import sluice.job.model.Vocabulary;
import sluice.job.settings.Settings;

/** The tokens that are put before and behind every sequence, where the model was trained with such. Immutable, sent to the executors. */
final class BoundaryTokens implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int[] before; // one token, or none
    private final int[] behind;

    private BoundaryTokens(int[] before, int[] behind) {
        this.before = before;
        this.behind = behind;
    }

    /**
     * @param vocabulary that of the input's words, or null: then tokens are named by their ids
     * @throws RefusedException where a token is none
     */
    static BoundaryTokens settle(Settings.Input settings, InputKind kind, Vocabulary vocabulary) {
        return new BoundaryTokens(
                token("input.begin-token", settings.beginToken(), kind, vocabulary),
                token("input.end-token", settings.endToken(), kind, vocabulary));
    }

    private static int[] token(String key, Optional<String> name, InputKind kind, Vocabulary vocabulary) {
        if (name.isEmpty()) {
            return new int[0];
        }
        if (!kind.takesTokens()) {
            throw new RefusedException(
                    "%s = '%s', but the model reads features: leave it empty".formatted(key, name.get()));
        }
        if (vocabulary != null) {
            Integer id = vocabulary.id(name.get());
            if (id == null) {
                throw new RefusedException("%s = '%s' is not in the vocabulary".formatted(key, name.get()));
            }
            return new int[] {id};
        }
        try {
            return new int[] {Integer.parseInt(name.get())};
        } catch (NumberFormatException e) {
            throw new RefusedException(
                    "%s = '%s': expected a token id, as there is no vocabulary".formatted(key, name.get()), e);
        }
    }

    int[] around(int[] ids) {
        if (before.length + behind.length == 0) {
            return ids;
        }
        int[] framed = new int[before.length + ids.length + behind.length];
        System.arraycopy(before, 0, framed, 0, before.length);
        System.arraycopy(ids, 0, framed, before.length, ids.length);
        System.arraycopy(behind, 0, framed, before.length + ids.length, behind.length);
        return framed;
    }
}
