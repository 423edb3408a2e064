package sluice.job.message;

import java.util.Optional;

/** The version of this build, from the manifest of its jar. */
public final class Version {
    private Version() {}

    public static String current() {
        return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
                .orElse("(development)");
    }
}
