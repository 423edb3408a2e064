package sluice.job.input;

import java.io.Serializable;
import java.util.Optional;
import sluice.cell.InputKind;
import sluice.job.message.RefusedException;
import sluice.job.model.Vocabulary;
import sluice.job.settings.Settings;

/** The BOS and EOS tokens, {@code input.begin-token} and {@code input.end-token}, which are added to every sequence. Immutable, broadcast. */
final class BoundaryTokens implements Serializable {
    private static final long serialVersionUID = 1L;

    static final BoundaryTokens NONE = new BoundaryTokens(new int[0], new int[0]);

    private final int[] begin; // the BOS token's id; empty if there is none
    private final int[] end; // the EOS token's id; empty if there is none

    private BoundaryTokens(int[] begin, int[] end) {
        this.begin = begin;
        this.end = end;
    }

    /**
     * Looks up the ids of the tokens that the settings name.
     *
     * @param vocabulary of the input's words; null if the settings name tokens by their ids
     * @throws RefusedException if the model reads features, or a token is unknown
     */
    static BoundaryTokens resolve(Settings.Input settings, InputKind kind, Vocabulary vocabulary) {
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
        return new int[] {id(key, name.get(), vocabulary)};
    }

    /**
     * The id of a token that a setting names.
     *
     * @param vocabulary of the input's words; null if the settings name tokens by their ids
     * @throws RefusedException if the token is unknown
     */
    static int id(String key, String name, Vocabulary vocabulary) {
        if (vocabulary != null) {
            Integer id = vocabulary.id(name);
            if (id == null) {
                throw new RefusedException("%s = '%s' is not in the vocabulary".formatted(key, name));
            }
            return id;
        }
        try {
            return Integer.parseInt(name);
        } catch (NumberFormatException e) {
            throw new RefusedException(
                    "%s = '%s': expected a token id, because there is no vocabulary".formatted(key, name), e);
        }
    }

    /** The sequence with the tokens added; the same array if there are none. */
    int[] around(int[] ids) {
        if (begin.length + end.length == 0) {
            return ids;
        }
        int[] whole = new int[begin.length + ids.length + end.length];
        System.arraycopy(begin, 0, whole, 0, begin.length);
        System.arraycopy(ids, 0, whole, begin.length, ids.length);
        System.arraycopy(end, 0, whole, begin.length + ids.length, end.length);
        return whole;
    }
}
