package sluice.job.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JournalTest {
    private static final Journal JOURNAL = new Journal(
            "4711",
            3,
            1,
            List.of(
                    new Journal.Place(
                            "out",
                            List.of(
                                    new Journal.Step(Journal.Action.REMOVE, "day=1/part-0.parquet"),
                                    new Journal.Step(Journal.Action.MOVE, "day=1/part-1.parquet")),
                            List.of("day=1/part-1.parquet")),
                    new Journal.Place(
                            "hdfs://host/states",
                            List.of(new Journal.Step(Journal.Action.MOVE_DIRECTORY, "version=1")),
                            List.of())),
            Map.of("_sluice/report.json", "{\"rows\": 7}\n"));

    private static Journal read(String json) throws IOException {
        return Journal.read("out.json", json.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        assertThat(Journal.read("out.json", JOURNAL.json())).isEqualTo(JOURNAL);
    }

    /** Releases read each other's journals, so these keys stay. */
    @Test
    void theFileHasTheseKeys() throws IOException {
        JsonNode tree = new ObjectMapper().readTree(JOURNAL.json());
        assertThat(tree.fieldNames())
                .toIterable()
                .containsExactly("sluice", "id", "number", "base", "places", "texts", "voids");
        assertThat(tree.path("sluice").textValue()).isEqualTo("(development)");
        JsonNode place = tree.path("places").path(0);
        assertThat(place.fieldNames()).toIterable().containsExactly("path", "steps", "added", "texts");
        assertThat(place.path("steps").toString())
                .isEqualTo(
                        "[{\"do\":\"remove\",\"path\":\"day=1/part-0.parquet\"},{\"do\":\"move\",\"path\":\"day=1/part-1.parquet\"}]");
        assertThat(tree.path("places").path(1).path("steps").toString())
                .isEqualTo("[{\"do\":\"move-directory\",\"path\":\"version=1\"}]");
        assertThat(tree.path("texts").path("_sluice/report.json").textValue()).isEqualTo("{\"rows\": 7}\n");
    }

    @Test
    void unknownFieldsAreIgnoredAndMissingOnesAreEmpty() throws IOException {
        Journal journal = read("""
                {"sluice": "0.2.0", "id": "1", "number": 2, "new": {}, "places": [
                  {"path": "out", "new": 1, "steps": [{"do": "replace-target", "new": []}]}, {}]}""");
        assertThat(journal)
                .isEqualTo(new Journal(
                        "0.2.0",
                        "1",
                        2,
                        0,
                        List.of(
                                new Journal.Place(
                                        "out", List.of(new Journal.Step(Journal.Action.REPLACE_TARGET, "")), List.of()),
                                new Journal.Place("", List.of(), List.of())),
                        Map.of(),
                        ""));
    }

    @Test
    void aJournalThatTakesANumberHasNoSteps() throws IOException {
        Journal journal = Journal.read("out.json", Journal.voiding("4711", 3).json());
        assertThat(journal.isVoid()).isTrue();
        assertThat(journal.voids()).isEqualTo("4711");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "{",
                "[]",
                "\"text\"",
                "{}",
                "{\"id\": \"1\", \"number\": 1}",
                "{\"id\": \"1\", \"number\": 1, \"places\": []}",
                "{\"id\": \"1\", \"number\": 1, \"places\": \"out\"}",
                "{\"id\": \"\", \"number\": 1, \"places\": [{}]}",
                "{\"id\": \"1\", \"places\": [{}]}",
                "{\"id\": \"1\", \"number\": 1, \"places\": [{\"steps\": [{\"do\": \"burn\"}]}]}",
                "{\"id\": \"1\", \"number\": 1, \"places\": [{\"steps\": [{}]}]}",
                "{\"number\": 1, \"places\": [{}]}"
            })
    void anotherFileIsRefused(String json) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOf(IOException.class)
                .hasMessage("out.json: not a journal of a run; check the files beside it, then remove it");
    }
}
