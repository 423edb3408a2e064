package sluice.cell.weights.fuzz;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;

/** PyTorch checkpoints: any bytes, and any pickle in a valid archive. */
class CheckpointFuzzTest {
    @FuzzTest
    @DictionaryEntries({
        "PK\\x03\\x04",
        "PK\\x01\\x02",
        "PK\\x05\\x06",
        "PK\\x06\\x06",
        "PK\\x06\\x07",
        "archive/data.pkl",
        "archive/data/0"
    })
    void archive(byte[] archive) {
        Hostile.read(archive);
    }

    @FuzzTest
    @DictionaryEntries({
        "ctorch._utils\\x0a_rebuild_tensor\\x0a",
        "ctorch._utils\\x0a_rebuild_tensor_v2\\x0a",
        "ctorch._utils\\x0a_rebuild_parameter\\x0a",
        "ctorch._utils\\x0a_rebuild_parameter_with_state\\x0a",
        "ccollections\\x0aOrderedDict\\x0a)R",
        "ctorch\\x0aFloatStorage\\x0a",
        "ctorch\\x0aBFloat16Storage\\x0a",
        "ctorch\\x0aLongStorage\\x0a",
        "X\\x07\\x00\\x00\\x00storage",
        "X\\x0a\\x00\\x00\\x00state_dict",
        "ctorch._tensor\\x0a_rebuild_from_type_v2\\x0a",
        "ccollections\\x0adefaultdict\\x0a",
        "ctorch\\x0aTensor\\x0a",
        "cmy\\x0aBox\\x0a)\\x81",
        "cos\\x0asystem\\x0a"
    })
    void pickle(byte[] pickle) {
        Hostile.read(Seeds.checkpoint().zip(pickle).bytes());
    }
}
