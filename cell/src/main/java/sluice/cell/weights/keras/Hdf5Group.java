package sluice.cell.weights.keras;

import io.jhdf.Constants;
import io.jhdf.FractalHeap;
import io.jhdf.GroupSymbolTableNode;
import io.jhdf.LocalHeap;
import io.jhdf.ObjectHeader;
import io.jhdf.SymbolTableEntry;
import io.jhdf.Utils;
import io.jhdf.btree.BTreeV1;
import io.jhdf.btree.BTreeV2;
import io.jhdf.btree.record.LinkNameForIndexedGroupRecord;
import io.jhdf.object.message.DataSpaceMessage;
import io.jhdf.object.message.LinkInfoMessage;
import io.jhdf.object.message.LinkMessage;
import io.jhdf.object.message.SymbolTableMessage;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * A group of an HDF5 file: its members by name, and its attributes.
 *
 * <p>Only hard links are followed. Soft links (to another path) and external links (to another file) are rejected;
 * Keras writes neither.
 */
final class Hdf5Group {
    private static final int SOFT_LINK = 2; // cache type in a symbol table
    private static final long NO_ADDRESS = -1;

    /** Limit on the members of a group, more than any model has layers. */
    private static final int MAX_NAMES = 100_000;

    private static final int MAX_NAME_BYTES = 1_000;
    private static final int FREE_TREE_BYTES = 1 << 16;

    private final Hdf5Storage storage;
    private final String path; // with a trailing slash; empty for the root
    private final ObjectHeader header;
    private final Hdf5Attributes attributes;
    private Map<String, Long> links; // name -> address; null until first used

    Hdf5Group(Hdf5Storage storage, String path, ObjectHeader header) {
        this.storage = storage;
        this.path = path;
        this.header = header;
        this.attributes = new Hdf5Attributes(storage, header, describe());
    }

    /** Description for messages, such as {@code group 'model_weights/lstm'}. */
    String describe() {
        return path.isEmpty()
                ? "the root group"
                : "group '%s'".formatted(NameList.shortened(path.substring(0, path.length() - 1)));
    }

    Hdf5Attributes attributes() {
        return attributes;
    }

    /** Names of its members, in file order. */
    Set<String> names() {
        return Collections.unmodifiableSet(links().keySet());
    }

    /**
     * Finds a group below this one.
     *
     * @param below its path, relative to this group
     * @return empty if the path is missing or is a dataset
     */
    Optional<Hdf5Group> group(String below) {
        Hdf5Group group = this;
        for (String name : below.split("/", -1)) {
            Optional<ObjectHeader> found = group.headerOf(name);
            if (found.isEmpty() || isDataset(found.get())) {
                return Optional.empty();
            }
            group = new Hdf5Group(storage, group.path + name + "/", found.get());
        }
        return Optional.of(group);
    }

    /**
     * Finds a dataset below this group.
     *
     * @param below its path, relative to this group
     * @return empty if the path is missing or is a group
     */
    Optional<Hdf5Dataset> dataset(String below) {
        int slash = below.lastIndexOf('/');
        Optional<Hdf5Group> parent = slash < 0 ? Optional.of(this) : group(below.substring(0, slash));
        String name = below.substring(slash + 1);
        return parent.flatMap(group -> group.headerOf(name)
                .filter(Hdf5Group::isDataset)
                .map(found -> new Hdf5Dataset(storage, group.path + name, found)));
    }

    private static boolean isDataset(ObjectHeader found) {
        return found.hasMessageOfType(DataSpaceMessage.class);
    }

    private Optional<ObjectHeader> headerOf(String name) {
        Long address = links().get(name);
        if (address == null) {
            return Optional.empty();
        }
        String shown = NameList.shortened(path + name);
        if (address == NO_ADDRESS) {
            throw new ModelException(
                    "'%s' is a link to something elsewhere, expected it in the file itself; copy the file with h5repack"
                            .formatted(shown));
        }
        return Optional.of(
                Hdf5Library.guarded("the header of '%s'".formatted(shown), () -> Hdf5Library.header(storage, address)));
    }

    private Map<String, Long> links() {
        if (links == null) {
            // Each node of the name tree is stored in the file once.
            links = Hdf5Library.guarded(
                    describe(),
                    () -> storage.within(FREE_TREE_BYTES + storage.size(), () -> {
                        if (header.hasMessageOfType(SymbolTableMessage.class)) {
                            return symbolTable(header.getMessageOfType(SymbolTableMessage.class));
                        }
                        return header.hasMessageOfType(LinkInfoMessage.class)
                                ? linkMessages(header.getMessageOfType(LinkInfoMessage.class))
                                : Map.of();
                    }));
        }
        return links;
    }

    /** Reads the members from a symbol table, the original format of HDF5, which Keras uses. */
    private Map<String, Long> symbolTable(SymbolTableMessage table) {
        Map<String, Long> found = new LinkedHashMap<>();
        ByteBuffer names = new LocalHeap(storage, table.getLocalHeapAddress()).getDataBuffer();
        for (long node :
                BTreeV1.createGroupBTree(storage, table.getBTreeAddress()).getChildAddresses()) {
            for (SymbolTableEntry entry : new GroupSymbolTableNode(storage, node).getSymbolTableEntries()) {
                put(
                        found,
                        name(names, entry.getLinkNameOffset()),
                        entry.getCacheType() == SOFT_LINK ? NO_ADDRESS : entry.getObjectHeaderAddress());
            }
        }
        return found;
    }

    /** Reads a zero-terminated name. The length is limited, because many names could share one distant terminator. */
    private static String name(ByteBuffer names, int offset) {
        names.clear().position(offset).limit(Math.min(names.capacity(), offset + MAX_NAME_BYTES + 1));
        return Utils.readUntilNull(names);
    }

    /** Reads the members from link messages, an optional format of newer HDF5 versions. */
    private Map<String, Long> linkMessages(LinkInfoMessage info) {
        Map<String, Long> found = new LinkedHashMap<>();
        if (info.getBTreeNameIndexAddress() == Constants.UNDEFINED_ADDRESS) {
            header.getMessagesOfType(LinkMessage.class).forEach(link -> put(found, link));
            return found;
        }
        FractalHeap heap = new FractalHeap(storage, info.getFractalHeapAddress());
        BTreeV2<LinkNameForIndexedGroupRecord> index = new BTreeV2<>(storage, info.getBTreeNameIndexAddress());
        for (LinkNameForIndexedGroupRecord record : index.getRecords()) {
            put(found, LinkMessage.fromBuffer(heap.getId(record.getId()), storage.getSuperblock()));
        }
        return found;
    }

    private void put(Map<String, Long> found, LinkMessage link) {
        put(
                found,
                link.getLinkName(),
                link.getLinkType() == LinkMessage.LinkType.HARD ? link.getHardLinkAddress() : NO_ADDRESS);
    }

    private void put(Map<String, Long> found, String name, long address) {
        if (found.size() == MAX_NAMES || name.length() > MAX_NAME_BYTES) {
            throw new ModelException(String.format(
                    Locale.ROOT,
                    "%s has more than %d names, or one of more than %d bytes, expected neither",
                    describe(),
                    MAX_NAMES,
                    MAX_NAME_BYTES));
        }
        if (found.putIfAbsent(name, address) != null) {
            throw new ModelException("%s has the name '%s' twice, expected each once: the file is damaged"
                    .formatted(describe(), NameList.shortened(name)));
        }
    }
}
