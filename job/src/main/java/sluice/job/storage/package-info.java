/**
 * Files on any Hadoop file system: small files, and atomic publication. {@link sluice.job.storage.StagingDirectory} writes an output beside
 * its target, {@link sluice.job.storage.Publication} commits and publishes it by a {@link sluice.job.storage.Journal}.
 *
 * <p>May use {@code message}.
 */
package sluice.job.storage;
