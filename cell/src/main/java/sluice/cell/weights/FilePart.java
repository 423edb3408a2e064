package sluice.cell.weights;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.NoSuchFileException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.FileKind;
import sluice.cell.weights.file.ModelFolder;

/**
 * Files that are only a part of a model. Nothing in them says so: frameworks give them a name with a number ({@code
 * model-00001-of-00002.safetensors}) and write an index beside them. Read alone, such a file may look like a smaller model.
 */
final class FilePart {
    private static final Pattern NUMBERED = Pattern.compile(
            "(?<stem>[^/]+?)(?<mark>-|\\.data-)0*(?<part>\\d{1,5})-of-0*(?<parts>\\d{1,5})(?<extension>(?:\\.[A-Za-z0-9]+)?)");

    private FilePart() {}

    /**
     * Rejects a part of a model.
     *
     * @param name path of the file
     * @param kind kind of the file by its content
     */
    static void reject(String name, FileKind kind, ModelFolder folder) throws IOException {
        Matcher numbered = NUMBERED.matcher(name.substring(name.lastIndexOf('/') + 1));
        if (!numbered.matches()) {
            return;
        }
        String stem = numbered.group("stem");
        if (numbered.group("mark").equals(".data-")) {
            rejectTensorFlow(stem, kind, folder);
        } else if (!numbered.group("parts").equals("1")) {
            String index = stem + numbered.group("extension") + ".index.json";
            throw new ModelException("by its name this is part %s of %s of a model, expected the whole model; %s"
                    .formatted(
                            numbered.group("part"),
                            numbered.group("parts"),
                            kind == FileKind.SAFETENSORS ? nameIndex(index, folder) : joinCheckpoints(numbered)));
        }
    }

    private static String nameIndex(String index, ModelFolder folder) throws IOException {
        try (SeekableByteChannel found = folder.open(index)) {
            return "name the index '%s' beside it".formatted(index);
        } catch (FileNotFoundException | NoSuchFileException e) {
            return "copy all parts and their index into one directory, and name the index, as a rule '%s'"
                    .formatted(index);
        }
    }

    /** The other parts of this save have the same ending. */
    private static String joinCheckpoints(Matcher numbered) {
        String ending = numbered.group().substring(numbered.end("part"));
        String parts = numbered.group("parts");
        return ("in Python, in the directory of the parts, import glob, torch; parts = glob.glob(\"%s-*%s\"); assert len(parts) == %s; "
                        + "torch.save({k: v for part in parts for k, v in torch.load(part).items()}, \"model.pt\") joins the parts; "
                        + "all %s must be there")
                .formatted(numbered.group("stem"), ending, parts, parts);
    }

    private static void rejectTensorFlow(String stem, FileKind kind, ModelFolder folder) throws IOException {
        boolean isUnknown = kind == FileKind.UNKNOWN || kind == FileKind.SAFETENSORS || kind == FileKind.TEXT;
        if (!isUnknown) {
            return;
        }
        try (SeekableByteChannel index = folder.open(stem + ".index")) {
            if (FileKind.of(index) == FileKind.TF_CHECKPOINT_INDEX) {
                throw ModelReader.unsupported(FileKind.TF_CHECKPOINT_DATA);
            }
        } catch (FileNotFoundException | NoSuchFileException e) {
            return; // a name by chance
        }
    }
}
