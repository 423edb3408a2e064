package sluice.cell.weights.fuzz;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.Map;
import sluice.cell.weights.MemoryChannel;
import sluice.cell.weights.file.ModelFolder;

/** A model in several files: any index with valid shards, and any shard with a valid index. */
class ShardedFuzzTest {
    @FuzzTest
    @DictionaryEntries({
        "\"weight_map\":{",
        "\"metadata\":{",
        Seeds.INDEX,
        Seeds.SHARD_ONE,
        Seeds.SHARD_TWO,
        "../",
        "embedding.weight",
        "lstm.weight_hh_l0"
    })
    void index(byte[] index) {
        Map<String, byte[]> files = new HashMap<>(Seeds.shards());
        files.put(Seeds.INDEX, index);
        Hostile.read(index, folder(files));
    }

    @FuzzTest
    @DictionaryEntries({"\"dtype\":", "\"shape\":[", "\"data_offsets\":[", "\"__metadata__\":{", "lstm.weight_hh_l0"})
    void shard(byte[] shard) {
        Map<String, byte[]> files = new HashMap<>(Seeds.shards());
        files.put(Seeds.SHARD_TWO, shard);
        Hostile.read(Seeds.index(), folder(files));
    }

    private static ModelFolder folder(Map<String, byte[]> files) {
        return name -> {
            if (!files.containsKey(name)) {
                throw new NoSuchFileException(name);
            }
            SeekableByteChannel channel = new MemoryChannel(files.get(name));
            return channel;
        };
    }
}
