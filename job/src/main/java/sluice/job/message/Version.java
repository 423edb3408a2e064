package sluice.job.message;

import java.util.Optional;

/** This build's version, from its jar. */
public final class Version {
    private Version() {}

    public static String current() {
        return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
                .orElse("(development)");
    }
}
