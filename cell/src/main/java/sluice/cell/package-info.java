/**
 * Scores sequences with a trained LSTM: requests, sequences and answers, the types that a caller uses.
 *
 * <h2>The equations</h2>
 *
 * <pre>
 *   f_t = sigmoid(U_f x_t + W_f h_{t-1} + b_f)      forget gate: what stays in the memory
 *   i_t = sigmoid(U_i x_t + W_i h_{t-1} + b_i)      input gate: what enters the memory
 *   o_t = sigmoid(U_o x_t + W_o h_{t-1} + b_o)      output gate: what the memory shows
 *   g_t = tanh   (U_g x_t + W_g h_{t-1} + b_g)      candidate state
 *   c_t = f_t * c_{t-1} + i_t * g_t
 *   h_t = o_t * tanh(c_t)
 *   y_t = softmax(V h_t + d)
 * </pre>
 *
 * <p>A {@link sluice.cell.model.CellVariant} describes a cell with peepholes, a clip, coupled gates or other activations.
 *
 * <h2>Legend</h2>
 *
 * <table>
 *   <caption>Symbols used throughout</caption>
 *   <tr><td>{@code x_t}</td><td>input at step t, width I: a row of an embedding, a one-hot vector, or features</td></tr>
 *   <tr><td>{@code h_t}</td><td>hidden state, width P; P = H without a projection</td></tr>
 *   <tr><td>{@code c_t}</td><td>cell state, width H</td></tr>
 *   <tr><td>{@code U, W, b}</td><td>{@code (4H, I)}, {@code (4H, P)}, {@code (4H)}; gates in the order i, f, g, o</td></tr>
 *   <tr><td>{@code V, d}</td><td>{@code (K, H)}, {@code (K)}; K classes, or tokens of a vocabulary</td></tr>
 * </table>
 *
 * <h2>Where to read next</h2>
 *
 * <p>{@link sluice.cell.reference.LstmCell} is these equations in code. {@link sluice.cell.engine.CompiledModel} is a model ready for
 * scoring, shared by threads; each thread has its own {@link sluice.cell.SequenceScorer}. {@link sluice.cell.kernel} explains why the
 * bits of a score depend on its sequence only. This package may use {@code model} only.
 */
package sluice.cell;
