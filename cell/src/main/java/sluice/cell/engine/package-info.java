/**
 * Scores batches: {@link sluice.cell.engine.CompiledModel} is the face, with {@link sluice.cell.engine.AnswerCache} and
 * {@link sluice.cell.engine.Sharing}.
 *
 * <p>A model of forward layers is scored by a {@code TreeWalk} over the batch's prefix tree, so that a shared prefix is computed once.
 * A model with a backward direction, and a batch of a few sequences, are scored layer by layer in a {@code LayerWalk}.
 * {@code ReferenceScorer} runs the float64 reference instead. All of them read a {@code PackedModel} or the model itself, and check nothing: {@code OverflowGuard} and
 * {@link sluice.cell.SequenceRules} have done that before. May use all other packages of the module but {@code weights}.
 */
package sluice.cell.engine;
