package sluice.job.storage;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import sluice.job.message.Version;

/**
 * What one publication did to an output, stored in the output as JSON under its number. It is written last, so its existence says that
 * the publication is complete in the output. If the whole directory is moved, the record moves with it, before other places are published.
 *
 * @param version of Sluice that wrote it
 * @param id of the publication
 * @param number of the publication, from 1 in each output
 * @param base number of the last publication that began the output anew: the first one, or one that replaced all rows. A report of an
 *     earlier publication says nothing about the rows that are there
 * @param texts the small files that it wrote: content by path
 * @param files the data files that it added: paths in the output
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record PublicationRecord(
        @JsonProperty("sluice") String version,
        String id,
        long number,
        long base,
        Map<String, String> texts,
        List<String> files) {
    public PublicationRecord {
        id = id == null ? "" : id;
        texts = texts == null ? Map.of() : texts;
        files = files == null ? List.of() : List.copyOf(files);
    }

    /** A record of this version. */
    public PublicationRecord(String id, long number, long base, Map<String, String> texts, List<String> files) {
        this(Version.current(), id, number, base, texts, files);
    }

    public byte[] json() {
        return SmallFile.json(this);
    }
}
