/**
 * LSTM states that are carried from run to run, by key ({@code state.path}). {@link sluice.job.state.CarriedStates} resolves which
 * version a run starts from; {@link sluice.job.state.StateUpdate} is the facade of a run: it joins the states to the input
 * ({@link sluice.job.state.StateJoin}), has tasks write the new ones ({@link sluice.job.state.StateFiles}), and stages a new version
 * that is published with the scores. Versions consist of segments, which are compacted by size.
 *
 * <p>May use: output, report, input, source, model, settings, storage, message.
 */
package sluice.job.state;
