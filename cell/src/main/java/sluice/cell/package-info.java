/**
 * Scores sequences with a trained LSTM: the module's face.
 *
 * <h2>The equations</h2>
 *
 * <pre>
 *   f_t = sigmoid(U_f x_t + W_f h_{t-1} + b_f)      forget gate: what stays in the memory
 *   i_t = sigmoid(U_i x_t + W_i h_{t-1} + b_i)      input gate: what enters it
 *   o_t = sigmoid(U_o x_t + W_o h_{t-1} + b_o)      output gate: what it shows
 *   g_t = tanh   (U_g x_t + W_g h_{t-1} + b_g)      candidate state
 *   c_t = f_t * c_{t-1} + i_t * g_t
 *   h_t = o_t * tanh(c_t)
 *   y_t = softmax(V h_t + d)
 * </pre>
 *
 * <p>Cells that differ from this one, by peepholes, a clip, coupled gates or other activations, are
 * {@link sluice.cell.model.CellVariant}s.
 *
 * <h2>The legend</h2>
 *
 * <table>
 *   <caption>Symbols used throughout</caption>
 *   <tr><td>{@code x_t}</td><td>input at step t, width I: an embedding's row, a one-hot column, or features</td></tr>
 *   <tr><td>{@code h_t}</td><td>hidden state, width P; P = H without a projection</td></tr>
 *   <tr><td>{@code c_t}</td><td>cell state, width H</td></tr>
 *   <tr><td>{@code U, W, b}</td><td>{@code (4H, I)}, {@code (4H, P)}, {@code (4H)}; gates in the order i, f, g, o</td></tr>
 *   <tr><td>{@code V, d}</td><td>{@code (K, H)}, {@code (K)}; K classes, or words of a vocabulary</td></tr>
 * </table>
 *
 * <h2>Where to read on</h2>
 *
 * <p>{@link sluice.cell.reference.LstmCell} is these lines in code. {@link sluice.cell.engine.CompiledModel} is a model made ready for
 * scoring, shared by threads; {@link sluice.cell.SequenceScorer} is what one thread scores with. {@link sluice.cell.kernel} says
 * why a score's bits never depend on anything but its own sequence.
 */
package sluice.cell;
