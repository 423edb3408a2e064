package sluice.cell.weights.torch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.razorvine.pickle.Opcodes;
import sluice.cell.model.ModelException;

/**
 * The values of a pickle that later instructions refer to by number. Of a text only the position in the pickle is kept, so that a
 * vocabulary takes 4 bytes for each word. A long text is kept once something refers to it.
 */
final class PickleMemo {
    /** Numbers that a pickle may leave out. Python numbers the values from 0 on without a gap. */
    private static final int MAX_GAP = 1_000;

    private static final int CHUNK = 1 << 14; // numbers

    private static final int LONG_TEXT_BYTES = 100;

    private final byte[] pickle;
    private final List<int[]> texts = new ArrayList<>(); // by number: 1 + the position of the instruction; 0: none
    private int textCount;
    private final Map<Long, Object> objects = new HashMap<>();
    private final Map<Integer, String> longTexts = new HashMap<>(); // by position
    private String lastText;
    private int lastTextAt;

    PickleMemo(byte[] pickle) {
        this.pickle = pickle;
    }

    /** A text that was read from the instruction at this position. */
    void text(int begin, Object text) {
        lastText = (String) text;
        lastTextAt = begin;
    }

    void put(long number, Object value) {
        boolean isText = lastText != null && value == lastText && number <= (long) size() + MAX_GAP;
        if (position(number) != 0) {
            texts.get((int) (number / CHUNK))[(int) (number % CHUNK)] = 0;
            textCount--;
        }
        if (!isText) {
            objects.put(number, value);
            return;
        }
        objects.remove(number);
        while (number >= (long) texts.size() * CHUNK) {
            texts.add(new int[CHUNK]);
        }
        texts.get((int) (number / CHUNK))[(int) (number % CHUNK)] = 1 + lastTextAt;
        textCount++;
    }

    Object get(long number) {
        int position = position(number);
        if (position != 0) {
            return textAt(position - 1);
        }
        if (!objects.containsKey(number)) {
            throw new ModelException("its pickle refers to a value that it does not have: the file is damaged");
        }
        return objects.get(number);
    }

    private int position(long number) {
        return number < (long) texts.size() * CHUNK ? texts.get((int) (number / CHUNK))[(int) (number % CHUNK)] : 0;
    }

    private String textAt(int begin) {
        boolean isLong = pickle[begin] == (byte) Opcodes.BINUNICODE;
        Charset charset =
                pickle[begin] == (byte) Opcodes.SHORT_BINSTRING ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8;
        int length = isLong
                ? ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN).getInt(begin + 1)
                : Byte.toUnsignedInt(pickle[begin + 1]);
        int from = begin + 1 + (isLong ? Integer.BYTES : Byte.BYTES);
        return length < LONG_TEXT_BYTES
                ? new String(pickle, from, length, charset)
                : longTexts.computeIfAbsent(begin, at -> new String(pickle, from, length, charset));
    }

    /** Number of values. */
    int size() {
        return textCount + objects.size();
    }

    /** Number of values other than texts. */
    int objects() {
        return objects.size();
    }
}
