/**
 * The oracle: the LSTM said as its equations are said, in float64, one sequence at a time, on Breeze matrices.
 *
 * <p>{@link sluice.cell.reference.LstmCell} is the page to read first. Nothing here is fast, and nothing here shares code with
 * the kernels, so that the two can be held against each other. Breeze is imported here and nowhere else.
 */
package sluice.cell.reference;
