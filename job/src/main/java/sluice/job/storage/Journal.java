package sluice.job.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import sluice.job.message.Version;

/**
 * What is left to do before a complete output is shown: a redo log, as JSON beside the output. Each step may be done twice.
 *
 * @param id of the run, as it stands in the names of what it has made
 * @param places in the order in which they are served
 */
public record Journal(String id, List<Place> places) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * A directory, and what is done in it. Paths are within it, and at the same path within its staging directory; the empty one is it as
     * a whole.
     *
     * @param path its name beside the journal, or its whole URI
     * @param moves from the staging directory
     * @param removals what is there no more
     * @param texts files that are written, by their path
     */
    public record Place(String path, List<Move> moves, List<String> removals, Map<String, String> texts) {}

    /**
     * One step.
     *
     * @param path what is moved
     * @param replaces whether something else may be in its place
     * @param mark the path of a file in it that nothing else has which may stand in its place; or empty
     */
    public record Move(String path, boolean replaces, String mark) {}

    byte[] json() {
        Map<String, Object> journal = new LinkedHashMap<>();
        journal.put("sluice", Version.current());
        journal.put("id", id);
        journal.put("places", places.stream().map(Journal::tree).toList());
        return SmallFile.json(journal);
    }

    private static Map<String, Object> tree(Place place) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("path", place.path());
        tree.put("moves", place.moves().stream().map(Journal::tree).toList());
        tree.put("removals", place.removals());
        tree.put("texts", place.texts());
        return tree;
    }

    private static Map<String, Object> tree(Move move) {
        return Map.of("path", move.path(), "replaces", move.replaces(), "mark", move.mark());
    }

    /** @throws IOException where it is none */
    static Journal read(String name, byte[] json) throws IOException {
        try {
            JsonNode tree = JSON.readTree(json);
            List<Place> places = new ArrayList<>();
            tree.path("places").forEach(place -> places.add(place(place)));
            String id = tree.path("id").asText();
            if (id.isEmpty() || places.isEmpty()) {
                throw noJournal(name, null);
            }
            return new Journal(id, places);
        } catch (JsonProcessingException e) {
            throw noJournal(name, e);
        }
    }

    private static IOException noJournal(String name, Exception cause) {
        return new IOException(
                "%s: is no journal of a run; look at what is beside it, and take it away".formatted(name), cause);
    }

    private static Place place(JsonNode tree) {
        List<Move> moves = new ArrayList<>();
        tree.path("moves")
                .forEach(move -> moves.add(new Move(
                        move.path("path").asText(),
                        move.path("replaces").asBoolean(),
                        move.path("mark").asText())));
        List<String> removals = new ArrayList<>();
        tree.path("removals").forEach(path -> removals.add(path.asText()));
        Map<String, String> texts = new LinkedHashMap<>();
        tree.path("texts")
                .fields()
                .forEachRemaining(
                        text -> texts.put(text.getKey(), text.getValue().asText()));
        return new Place(tree.path("path").asText(), moves, removals, texts);
    }
}
