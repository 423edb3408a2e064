/**
 * Turns hidden states into answers: the output layer, then the requested outputs of each sequence.
 *
 * <p>Hidden states wait in an {@link sluice.cell.answer.OutputQueue}, {@link sluice.cell.answer.OutputStage} computes logits, and
 * {@link sluice.cell.answer.AnswerWriter} fills each sequence's {@link sluice.cell.answer.Answer}. May use {@code sluice.cell},
 * {@code kernel} and {@code model}; {@code engine} is its only caller.
 */
package sluice.cell.answer;
