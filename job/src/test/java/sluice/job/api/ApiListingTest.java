package sluice.job.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** A change of what programs can use changes the listing, and a change of anything else does not. */
class ApiListingTest {
    @Test
    void aListingHasWhatProgramsCanUse() {
        List<String> listing = ApiListing.of("sluice.", List.of(Sample.Face.class));
        assertThat(listing.stream().map(line -> line.replace(Sample.class.getName(), "Sample")))
                .containsExactly(
                        "public abstract static class Sample$Face is java.lang.Comparable<Sample$Face>",
                        "  protected new(Sample$Reached...) throws java.io.IOException",
                        "  protected void forSubclasses()",
                        "  public abstract java.util.List<? extends Sample$Reached> reached()",
                        "  public int inherited()",
                        "  public static final int LIMIT = 3",
                        "  public static final java.util.List<java.lang.String> NAMES",
                        "  public void changed()",
                        "public static final record Sample$Reached",
                        "  public java.util.List<java.lang.String> values()",
                        "  public new(java.util.List<java.lang.String>)");
    }
}
