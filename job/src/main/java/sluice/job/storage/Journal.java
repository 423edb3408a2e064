package sluice.job.storage;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import sluice.job.message.Version;

/**
 * A redo log, stored as JSON beside the output under the number of its publication: the steps that publish rows that are complete. Its
 * exclusive creation is the decision between runs. Every step may be repeated, and may be repeated after later publications; {@link
 * Action#REPLACE_TARGET} then undoes itself.
 *
 * @param version of Sluice that wrote the journal
 * @param id of the publication; part of the names of its staging directories
 * @param number of the publication
 * @param base number of the last publication that began the output anew, see {@link PublicationRecord}
 * @param places in the order in which they are published
 * @param texts small files of the output that are written after all places: content by path
 * @param voids id of a publication that this journal prevents: it has no steps and only takes the number; empty in all others
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Journal(
        @JsonProperty("sluice") String version,
        String id,
        long number,
        long base,
        List<Place> places,
        Map<String, String> texts,
        String voids) {
    public Journal {
        id = orEmpty(id);
        places = orEmpty(places);
        texts = texts == null ? Map.of() : texts;
        voids = orEmpty(voids);
    }

    /** A journal of this version. */
    public Journal(String id, long number, long base, List<Place> places, Map<String, String> texts) {
        this(Version.current(), id, number, base, places, texts, "");
    }

    /** A journal that takes a number so that the publication of this id can't. */
    static Journal voiding(String id, long number) {
        return new Journal(Version.current(), "void-" + id, number, 0, List.of(), Map.of(), id);
    }

    boolean isVoid() {
        return !voids.isEmpty();
    }

    /** Whether the output's directory is moved as a whole, with the record and the small files in it. */
    boolean movesWholeOutput() {
        return places.get(0).steps().stream()
                .anyMatch(step -> step.path().isEmpty()
                        && (step.action() == Action.MOVE_DIRECTORY || step.action() == Action.REPLACE_TARGET));
    }

    /** The record of this publication. The first place is the output's. */
    public PublicationRecord record() {
        return new PublicationRecord(
                id,
                number,
                base,
                texts,
                places.isEmpty() ? List.of() : places.get(0).added());
    }

    /**
     * The steps in one directory. Paths are relative to both the target and the staging directory.
     *
     * @param path a name beside the journal, or a URI
     * @param added data files that the steps add, for the record
     * @param texts small files that belong to no record: content by path
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Place(String path, List<Step> steps, List<String> added, Map<String, String> texts) {
        public Place {
            path = orEmpty(path);
            steps = orEmpty(steps);
            added = orEmpty(added);
            texts = texts == null ? Map.of() : texts;
        }

        /** Steps without small files. */
        public Place(String path, List<Step> steps, List<String> added) {
            this(path, steps, added, Map.of());
        }
    }

    /** What a step does. */
    public enum Action {
        /** Moves a file from the staging directory to the target. No later publication has a file of its name. */
        @JsonProperty("move")
        MOVE,
        /** Deletes a file of the target. No later publication has a file of its name. */
        @JsonProperty("remove")
        REMOVE,
        /** Moves a directory from the staging directory with one rename. The target has no entry of its name. */
        @JsonProperty("move-directory")
        MOVE_DIRECTORY,
        /** Moves the target away, and the staging directory to its place, with two renames. */
        @JsonProperty("replace-target")
        REPLACE_TARGET
    }

    /**
     * One step.
     *
     * @param path of the file or directory; empty for the target itself
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Step(@JsonProperty("do") Action action, String path) {
        public Step {
            path = orEmpty(path);
        }
    }

    private static String orEmpty(String text) {
        return text == null ? "" : text;
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
            boolean hasActions = journal.places().stream()
                    .flatMap(place -> place.steps().stream())
                    .allMatch(step -> step.action() != null);
            if (journal.id().isEmpty()
                    || journal.number() < 1
                    || !hasActions
                    || journal.places().isEmpty() != journal.isVoid()) {
                throw notAJournal(name, null);
            }
            return journal;
        } catch (JsonProcessingException e) {
            throw notAJournal(name, e);
        }
    }

    private static IOException notAJournal(String name, Exception cause) {
        return new IOException(
                String.format(
                        Locale.ROOT, "%s: not a journal of a run; check the files beside it, then remove it", name),
                cause);
    }
}
