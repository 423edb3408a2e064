package sluice.cell.weights.fuzz;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;

/** PyTorch's checkpoints: any bytes, and any pickle in a sound archive. */
class CheckpointFuzzTest {
    @FuzzTest
    @DictionaryEntries({"PK\3\4", "PK\1\2", "PK\5\6", "PK\6\6", "PK\6\7", "archive/data.pkl", "archive/data/0"})
    void archive(byte[] archive) {
        Hostile.read(archive);
    }

    @FuzzTest
    @DictionaryEntries({
        "ctorch._utils\n_rebuild_tensor\n",
        "ctorch._utils\n_rebuild_tensor_v2\n",
        "ctorch._utils\n_rebuild_parameter\n",
        "ctorch._utils\n_rebuild_parameter_with_state\n",
        "ccollections\nOrderedDict\n)R",
        "ctorch\nFloatStorage\n",
        "ctorch\nBFloat16Storage\n",
        "ctorch\nLongStorage\n",
        "X\7\0\0\0storage",
        "X\n\0\0\0state_dict",
        "cos\nsystem\n"
    })
    void pickle(byte[] pickle) {
        Hostile.read(Seeds.checkpoint().zip(pickle).bytes());
    }
}
