package sluice.cell.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * SHA-256 of a model's canonical weights: for each part its name, its shape, then its float32 values in little-endian order.
 *
 * <p>Optional parts (several inputs, a variant of the cell, a merge other than CONCAT, a padding token, a mask of features, a readout of final states) are part of the digest
 * only if the model has them.
 *
 * <p>The same model in files of different formats has the same fingerprint.
 */
final class Fingerprint {
    private static final int CHUNK_FLOATS = 16_384;

    private final MessageDigest digest = sha256();
    private final ByteBuffer chunk =
            ByteBuffer.allocate(CHUNK_FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    static String of(
            Embedding embedding,
            InputPart[] parts,
            LstmLayer[] layers,
            OutputLayer output,
            Readout readout,
            Float mask) {
        Fingerprint fingerprint = new Fingerprint();
        if (embedding != null) {
            fingerprint.embedding("embedding", embedding);
        }
        for (int at = 0; at < parts.length; at++) {
            fingerprint.part("input " + at, parts[at]);
        }
        for (int depth = 0; depth < layers.length; depth++) {
            for (LstmDirection direction : layers[depth].directions()) {
                fingerprint.direction("layer " + depth + (direction.reversed() ? " backward" : ""), direction);
            }
            if (layers[depth].merge() != LstmLayer.Merge.CONCAT) {
                fingerprint.heading("layer " + depth + " merge " + layers[depth].merge());
            }
        }
        if (output != null) {
            fingerprint.matrix("output", output.weights());
            fingerprint.vector("output bias", output.bias());
        }
        if (readout != Readout.LAST_STEP) {
            fingerprint.heading("readout " + readout);
        }
        if (mask != null) {
            fingerprint.vector("mask", new float[] {mask});
        }
        return HexFormat.of().formatHex(fingerprint.digest.digest());
    }

    private void embedding(String name, Embedding embedding) {
        matrix(name, embedding.table());
        embedding.padding().ifPresent(token -> heading(name + " padding " + token));
    }

    private void part(String name, InputPart part) {
        part.embedding()
                .ifPresentOrElse(
                        embedding -> embedding(name + " embedding", embedding),
                        () -> heading(name + " numbers (" + part.width() + ")"));
    }

    private void direction(String name, LstmDirection direction) {
        matrix(name + " input weights", direction.inputWeights());
        matrix(name + " hidden weights", direction.hiddenWeights());
        vector(name + " bias", direction.bias());
        direction.projection().ifPresent(projection -> matrix(name + " projection", projection));
        vector(name + " initial hidden", direction.initialHidden());
        vector(name + " initial cell", direction.initialCell());
        if (!direction.variant().isPlain()) {
            variant(name, direction.variant());
        }
    }

    private void variant(String name, CellVariant variant) {
        activation(name + " f", variant.gate());
        activation(name + " g", variant.candidate());
        activation(name + " h", variant.output());
        vector(name + " clip", new float[] {variant.clip()});
        heading(name + (variant.coupled() ? " coupled" : " not coupled"));
        variant.peepholes().ifPresent(peepholes -> {
            vector(name + " input peephole", peepholes.input());
            vector(name + " forget peephole", peepholes.forget());
            vector(name + " output peephole", peepholes.output());
        });
    }

    private void activation(String name, Activation activation) {
        vector(name + " " + activation.kind(), new float[] {activation.alpha(), activation.beta()});
    }

    private void matrix(String name, Matrix matrix) {
        heading(name + " " + matrix);
        values(matrix.values());
    }

    private void vector(String name, float[] vector) {
        heading(name + " (" + vector.length + ")");
        values(vector);
    }

    private void heading(String text) {
        digest.update((text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private void values(float[] values) {
        for (int from = 0; from < values.length; from += CHUNK_FLOATS) {
            int count = Math.min(CHUNK_FLOATS, values.length - from);
            chunk.clear();
            chunk.asFloatBuffer().put(values, from, count);
            chunk.limit(count * Float.BYTES);
            digest.update(chunk);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
