package sluice.cell.weights.fuzz;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Safetensors: any bytes, and any header followed by valid data. */
class SafetensorsFuzzTest {
    @FuzzTest
    @DictionaryEntries({"\"dtype\":", "\"shape\":[", "\"data_offsets\":[", "\"F32\"", "\"F64\"", "\"F16\"", "\"BF16\""})
    void file(byte[] file) {
        Hostile.read(file);
    }

    @FuzzTest
    @DictionaryEntries({
        "\"dtype\":",
        "\"shape\":[",
        "\"data_offsets\":[",
        "\"__metadata__\":{",
        "\"F32\"",
        "\"F64\"",
        "\"F16\"",
        "\"BF16\"",
        "\"F4\"",
        "9223372036854775807",
        "lstm.weight_ih_l0_reverse",
        "lstm.weight_hh_l1",
        "lstm.weight_hr_l0",
        "lstm.weight_ih"
    })
    void header(byte[] header) {
        byte[] data = Seeds.safetensorsData();
        Hostile.read(ByteBuffer.allocate(Long.BYTES + header.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .put(data)
                .array());
    }
}
