package sluice.job.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PrintedTest {
    private static final List<String> OUTPUT = List.of(
            "sluice: scored 12 sequences in 8.6 s", "  rows   12", "  speed  1,234 tokens per second and core", "end");

    private static boolean isIn(String... lines) {
        return new Printed(List.of(lines)).isIn(OUTPUT);
    }

    @Test
    void linesThatArePrintedOneAfterTheOtherAreFound() {
        assertThat(isIn("  rows   12", "  speed  1,234 tokens per second and core"))
                .isTrue();
        assertThat(isIn("end")).isTrue();
    }

    @Test
    void dotsStandForTextAndForLines() {
        assertThat(isIn("sluice: ... in 8.6 s", "  rows   12")).isTrue();
        assertThat(isIn("sluice: scored ...", "...", "end")).isTrue();
        assertThat(isIn("  rows   12", "...", "  speed  1,234 tokens per second and core"))
                .isTrue();
    }

    @Test
    void figuresOfThisMachineMayDiffer() {
        assertThat(isIn("sluice: scored 12 sequences in 30 s", "  rows   12", "  speed  99 tokens per second and core"))
                .isTrue();
    }

    @Test
    void everythingElseHasToBeTheSame() {
        assertThat(isIn("  rows   13")).isFalse();
        assertThat(isIn("  rows  12")).isFalse();
        assertThat(isIn("rows   12")).isFalse();
        assertThat(isIn("  rows   12", "end")).isFalse();
        assertThat(isIn("end", "...", "  rows   12")).isFalse();
        assertThat(isIn("sluice: scored 12 sequences in 8.6 seconds")).isFalse();
    }
}
