/**
 * The model on the driver: read it from any Hadoop file system, cache it, broadcast it, describe it, save it.
 *
 * <p>Face: {@link sluice.job.model.ModelCache} is the only way to a model. It returns a {@link sluice.job.model.CachedModel}, which
 * broadcasts itself as a {@link sluice.job.model.BroadcastModel}. {@link sluice.job.model.VocabularySource} finds the
 * {@link sluice.job.model.Vocabulary}. {@link sluice.job.model.ModelSummary} is {@code --describe},
 * {@link sluice.job.model.SavedModel} is {@code --save-model}.
 *
 * <p>May use: message, storage, settings.
 */
package sluice.job.model;
