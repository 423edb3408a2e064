package sluice.job.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;

/** Blocks of the documents whose command a launch test runs anyway, as a process of its own. */
public final class DocumentedOutput {
    /** Checked by {@code ReberGatesIT}. */
    static final String REBER_GATES = "submit/example/reber-gates";

    private DocumentedOutput() {}

    /** Requires that what the documents show of {@code submit/example/reber-gates} is what it has printed. */
    public static void requireReberGates(List<String> output) {
        List<Document.Block> blocks = Document.all().stream()
                .flatMap(document -> document.blocks().stream())
                .filter(block -> block.comment().equals(Optional.of("printed by: " + REBER_GATES)))
                .toList();
        assertThat(blocks).isNotEmpty();
        blocks.forEach(block -> requirePrinted(block.lines(), output, REBER_GATES));
    }

    /** Requires that these lines of a document are among the lines that a command has printed. */
    static void requirePrinted(List<String> lines, List<String> output, String printer) {
        assertThat(new Printed(lines).isIn(output))
                .as(
                        "%s%nprints%n%s%nand the document has%n%s",
                        printer, String.join("\n", output), String.join("\n", lines))
                .isTrue();
    }
}
