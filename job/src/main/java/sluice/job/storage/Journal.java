package sluice.job.storage;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import sluice.job.message.Version;

/**
 * A redo log, stored as JSON beside the output: the steps that publish an output that is complete and committed. Every step is
 * idempotent.
 *
 * @param version of Sluice that wrote the journal
 * @param id of the publication; part of the names of its staging directories
 * @param places in the order in which they are published
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Journal(@JsonProperty("sluice") String version, String id, List<Place> places) {
    public Journal {
        places = orEmpty(places);
    }

    /** A journal of this version. */
    public Journal(String id, List<Place> places) {
        this(Version.current(), id, places);
    }

    /**
     * The steps in one directory. Paths are relative to both the target and the staging directory. An empty path is the directory
     * itself.
     *
     * @param path a name beside the journal, or a URI
     * @param moves from the staging directory
     * @param removals paths to delete
     * @param texts files to write: content by path
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Place(String path, List<Move> moves, List<String> removals, Map<String, String> texts) {
        public Place {
            path = orEmpty(path);
            moves = orEmpty(moves);
            removals = orEmpty(removals);
            texts = texts == null ? Map.of() : texts;
        }
    }

    /**
     * One move.
     *
     * @param path what is moved
     * @param replaces whether the target may exist
     * @param mark the path, inside {@code path}, of a file that exists only in the new content; empty if there is none
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Move(String path, boolean replaces, String mark) {
        public Move {
            path = orEmpty(path);
            mark = orEmpty(mark);
        }
    }

    private static String orEmpty(String text) {
        return Objects.requireNonNullElse(text, "");
    }

    private static <T> List<T> orEmpty(List<T> list) {
        return list == null ? List.of() : List.copyOf(list);
    }

    byte[] json() {
        return SmallFile.json(this);
    }

    /** @throws IOException if the file is not a journal */
    static Journal read(String name, byte[] json) throws IOException {
        try {
            Journal journal = SmallFile.parse(json, Journal.class);
            if (journal.id() == null
                    || journal.id().isEmpty()
                    || journal.places().isEmpty()) {
                throw notAJournal(name, null);
            }
            return journal;
        } catch (JsonProcessingException e) {
            throw notAJournal(name, e);
        }
    }

    private static IOException notAJournal(String name, Exception cause) {
        return new IOException(
                "%s: not a journal of a run; check the files beside it, then remove it".formatted(name), cause);
    }
}
