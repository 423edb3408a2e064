/**
 * Exceptions, exit codes and text for the user. {@link sluice.job.message.RefusedException} is thrown for a wrong request,
 * {@link sluice.job.message.Failure} turns any exception into a message and an {@link sluice.job.message.ExitCode}.
 *
 * <p>May use no other package of the job.
 */
package sluice.job.message;
