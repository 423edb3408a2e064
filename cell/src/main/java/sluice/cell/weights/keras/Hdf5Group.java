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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import sluice.cell.model.ModelException;
import sluice.cell.weights.file.NameList;

/**
 * A group of an HDF5 file: what it holds by name, and its attributes.
 *
 * <p>Names lead to what lies in the file itself. A soft link is a name for something elsewhere and an external link one for another file;
 * Keras writes neither, and neither is followed.
 */
final class Hdf5Group {
    private static final int SOFT_LINK = 2; // as a symbol table says it
    private static final long NO_ADDRESS = -1;

    /** More than any model has layers, or a layer arrays. */
    private static final int MAX_NAMES = 100_000;

    private static final int MAX_NAME_BYTES = 1_000;
    private static final int FREE_TREE_BYTES = 1 << 16;

    private final Hdf5Storage storage;
    private final String path; // with a slash at its end, but for the root
    private final ObjectHeader header;
    private final Hdf5Attributes attributes;
    private Map<String, Long> links; // names to addresses, once they are asked for

    Hdf5Group(Hdf5Storage storage, String path, ObjectHeader header) {
        this.storage = storage;
        this.path = path;
        this.header = header;
        this.attributes = new Hdf5Attributes(storage, header, describe());
    }

    /** {@code group 'model_weights/lstm'} and such, as messages say it. */
    String describe() {
        return path.isEmpty()
                ? "the root group"
                : "group '%s'".formatted(NameList.shortened(path.substring(0, path.length() - 1)));
    }

    Hdf5Attributes attributes() {
        return attributes;
    }

    /** The names of what it holds, in the file's order. */
    Set<String> names() {
        return Collections.unmodifiableSet(links().keySet());
    }

    /**
     * A group below this one.
     *
     * @param below its path from here on
     * @return nothing where there is none
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
     * A dataset below this group.
     *
     * @param below its path from here on
     * @return nothing where there is none
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
                Hdf5File.guarded("the header of '%s'".formatted(shown), () -> Hdf5File.header(storage, address)));
    }

    private Map<String, Long> links() {
        if (links == null) {
            // Each node of the tree of names lies in the file once.
            links = Hdf5File.guarded(
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

    /** The names of a group as HDF5 has written it from its first version on, and as Keras has it. */
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

    /** A name ends with a zero; many could begin before one that is far off. */
    private static String name(ByteBuffer names, int offset) {
        names.clear().position(offset).limit(Math.min(names.capacity(), offset + MAX_NAME_BYTES + 1));
        return Utils.readUntilNull(names);
    }

    /** The names of a group as newer versions write it where they are told to. */
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
            throw new ModelException("%s has more than %d names, or one of more than %d bytes, expected neither"
                    .formatted(describe(), MAX_NAMES, MAX_NAME_BYTES));
        }
        if (found.putIfAbsent(name, address) != null) {
            throw new ModelException("%s has the name '%s' twice, expected each once: the file is damaged"
                    .formatted(describe(), NameList.shortened(name)));
        }
    }
}
