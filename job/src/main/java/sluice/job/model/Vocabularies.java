package sluice.job.model;

import java.util.Map;
import java.util.Optional;

/**
 * The vocabularies of a run.
 *
 * @param common of {@code input.vocabulary} or of the model's metadata: of the only input, or of the one that has the targets
 * @param byColumn {@code input.vocabularies}: of single inputs of a model with several, by column
 */
public record Vocabularies(Optional<Vocabulary> common, Map<String, Vocabulary> byColumn) {}
