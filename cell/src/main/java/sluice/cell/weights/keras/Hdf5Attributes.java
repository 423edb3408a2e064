package sluice.cell.weights.keras;

import io.jhdf.Constants;
import io.jhdf.FractalHeap;
import io.jhdf.GlobalHeap;
import io.jhdf.ObjectHeader;
import io.jhdf.btree.BTreeV2;
import io.jhdf.btree.record.AttributeNameForIndexedAttributesRecord;
import io.jhdf.object.datatype.DataType;
import io.jhdf.object.datatype.StringData;
import io.jhdf.object.datatype.VariableLength;
import io.jhdf.object.message.AttributeInfoMessage;
import io.jhdf.object.message.AttributeMessage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import sluice.cell.model.ModelException;

/** The text attributes of a group in an HDF5 file. */
final class Hdf5Attributes {
    /** Limit on the texts of one attribute, more than any model has layers. */
    static final int MAX_TEXTS = 100_000;

    private static final int FREE_BYTES = 1 << 16;

    private final Hdf5Storage storage;
    private final ObjectHeader header;
    private final String owner;
    private Map<String, AttributeMessage> messages; // by name; null until first used

    /** @param owner description of the group, for messages */
    Hdf5Attributes(Hdf5Storage storage, ObjectHeader header, String owner) {
        this.storage = storage;
        this.header = header;
        this.owner = owner;
    }

    boolean has(String name) {
        return messages().containsKey(name) || messages().containsKey(name + "0");
    }

    /** Reads an attribute that is a single text. */
    Optional<String> text(String name) {
        return Optional.ofNullable(messages().get(name)).map(message -> {
            List<String> texts = textsOf(name, message);
            if (texts.size() != 1) {
                throw new ModelException(String.format(
                        Locale.ROOT, "attribute '%s' of %s has %d texts, expected one", name, owner, texts.size()));
            }
            return texts.get(0);
        });
    }

    /**
     * Reads an attribute that is a list of texts. HDF5 limits an attribute to 64 kB, so Keras splits a longer list into
     * {@code layer_names0}, {@code layer_names1} and so on.
     */
    Optional<List<String>> texts(String name) {
        if (messages().containsKey(name)) {
            return Optional.of(textsOf(name, messages().get(name)));
        }
        List<String> texts = new ArrayList<>();
        for (int part = 0; messages().containsKey(name + part); part++) {
            texts.addAll(textsOf(name + part, messages().get(name + part)));
            requireAtMostMax(name, texts.size());
        }
        return messages().containsKey(name + "0") ? Optional.of(texts) : Optional.empty();
    }

    private Map<String, AttributeMessage> messages() {
        if (messages == null) {
            messages = Hdf5Library.guarded("the attributes of " + owner, () -> {
                Map<String, AttributeMessage> found = new HashMap<>();
                for (AttributeMessage message : allMessages()) {
                    if (found.put(message.getName(), message) != null) {
                        throw new ModelException(
                                "%s has the attribute '%s' twice, expected each once: the file is damaged"
                                        .formatted(owner, message.getName()));
                    }
                }
                return found;
            });
        }
        return messages;
    }

    private List<AttributeMessage> allMessages() {
        List<AttributeMessage> all = new ArrayList<>(header.getMessagesOfType(AttributeMessage.class));
        if (header.hasMessageOfType(AttributeInfoMessage.class)) {
            AttributeInfoMessage info = header.getMessageOfType(AttributeInfoMessage.class);
            if (info.getFractalHeapAddress() != Constants.UNDEFINED_ADDRESS) {
                FractalHeap heap = new FractalHeap(storage, info.getFractalHeapAddress());
                BTreeV2<AttributeNameForIndexedAttributesRecord> index =
                        new BTreeV2<>(storage, info.getAttributeNameBTreeAddress());
                for (AttributeNameForIndexedAttributesRecord record : index.getRecords()) {
                    all.add(new AttributeMessage(heap.getId(record.getHeapId()), storage, record.getFlags()));
                }
            }
        }
        return all;
    }

    private List<String> textsOf(String name, AttributeMessage message) {
        // Each text is stored in the file once.
        long maxBytes = FREE_BYTES + 2 * storage.size();
        return Hdf5Library.guarded(
                "attribute '%s' of %s".formatted(name, owner),
                () -> storage.within(maxBytes, () -> {
                    long count = message.getDataSpace().getTotalLength();
                    requireAtMostMax(
                            name, message.getDataSpace().getDimensionsAsLong().length > 1 ? Long.MAX_VALUE : count);
                    if (count == 0) {
                        return List.of(); // Keras writes an empty list with a numeric type
                    }
                    DataType type = message.getDataType();
                    if (type instanceof StringData) {
                        return fixedLength(message.getDataBuffer(), type.getSize(), (int) count);
                    }
                    if (type instanceof VariableLength variable && variable.isVariableLengthString()) {
                        return variableLength(message.getDataBuffer(), type.getSize(), (int) count);
                    }
                    throw new ModelException("attribute '%s' of %s is not a text, expected one".formatted(name, owner));
                }));
    }

    private void requireAtMostMax(String name, long count) {
        if (count > MAX_TEXTS) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "attribute '%s' of %s has %s, expected a list of at most %d",
                    name,
                    owner,
                    count == Long.MAX_VALUE ? "texts along several axes" : count + " texts",
                    MAX_TEXTS));
        }
    }

    /**
     * Reads variable-length texts. Each is referenced by the address of a global heap and an index in it. Many
     * references may point to one long text, so the bytes are counted.
     */
    private List<String> variableLength(ByteBuffer references, int size, int count) {
        references.order(ByteOrder.LITTLE_ENDIAN);
        int addressBytes = storage.getSizeOfOffsets();
        int lengthBytes = size - addressBytes - Integer.BYTES; // skipped: the heap stores the length too
        Map<Long, GlobalHeap> heaps = new HashMap<>();
        List<String> texts = new ArrayList<>(count);
        for (int at = 0; at < count; at++) {
            references.position(at * size + lengthBytes);
            long address =
                    addressBytes == Long.BYTES ? references.getLong() : Integer.toUnsignedLong(references.getInt());
            int index = references.getInt();
            if (index == 0) { // an empty text is not stored
                texts.add("");
                continue;
            }
            ByteBuffer text = heaps.computeIfAbsent(address, heap -> new GlobalHeap(storage, heap))
                    .getObjectData(index);
            storage.count(text.remaining());
            texts.add(StandardCharsets.UTF_8.decode(text).toString());
        }
        return texts;
    }

    /** Reads fixed-length, zero-padded texts. Keras writes UTF-8 regardless of the declared character set. */
    private static List<String> fixedLength(ByteBuffer buffer, int size, int count) {
        List<String> texts = new ArrayList<>(count);
        byte[] bytes = new byte[Math.min(size, buffer.remaining())];
        for (int at = 0; at < count; at++) {
            buffer.get(bytes);
            int length = 0;
            while (length < bytes.length && bytes[length] != 0) {
                length++;
            }
            texts.add(new String(bytes, 0, length, StandardCharsets.UTF_8));
        }
        return texts;
    }
}
