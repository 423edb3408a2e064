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
            List.of(
                    new Journal.Place(
                            "out",
                            List.of(
                                    new Journal.Move("day=1", true, "part-0.parquet"),
                                    new Journal.Move("part-1.parquet", false, "")),
                            List.of("_sluice/bad-rows"),
                            Map.of("_sluice/report.json", "{\"rows\": 7}\n")),
                    new Journal.Place("hdfs://host/states", List.of(), List.of(), Map.of())));

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
        assertThat(tree.fieldNames()).toIterable().containsExactly("sluice", "id", "places");
        assertThat(tree.path("sluice").textValue()).isEqualTo("(development)");
        JsonNode place = tree.path("places").path(0);
        assertThat(place.fieldNames()).toIterable().containsExactly("path", "moves", "removals", "texts");
        assertThat(place.path("moves").path(0).fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder("path", "replaces", "mark");
        assertThat(place.path("moves").path(0).path("replaces").isBoolean()).isTrue();
        assertThat(place.path("texts").path("_sluice/report.json").textValue()).isEqualTo("{\"rows\": 7}\n");
    }

    @Test
    void unknownFieldsAreIgnoredAndMissingOnesAreEmpty() throws IOException {
        Journal journal = read("""
                {"sluice": "0.2.0", "id": "1", "new": {}, "places": [
                  {"path": "out", "new": 1, "moves": [{"path": "day=1", "replaces": true, "new": []}]}, {}]}""");
        assertThat(journal)
                .isEqualTo(new Journal(
                        "0.2.0",
                        "1",
                        List.of(
                                new Journal.Place(
                                        "out", List.of(new Journal.Move("day=1", true, "")), List.of(), Map.of()),
                                new Journal.Place("", List.of(), List.of(), Map.of()))));
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
                "{\"id\": \"1\"}",
                "{\"id\": \"1\", \"places\": []}",
                "{\"id\": \"1\", \"places\": \"out\"}",
                "{\"id\": \"\", \"places\": [{}]}",
                "{\"places\": [{}]}"
            })
    void anotherFileIsRefused(String json) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOf(IOException.class)
                .hasMessage("out.json: not a journal of a run; check the files beside it, then remove it");
    }
}
