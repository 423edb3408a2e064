package sluice.job.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.Serializer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import sluice.cell.model.Activation;
import sluice.cell.model.CellVariant;
import sluice.cell.model.LstmDirection;
import sluice.cell.model.LstmLayer;
import sluice.cell.model.LstmModel;
import sluice.cell.model.Matrix;

/** Both serializers of Spark transport a model's cell variant. Kryo cannot deserialize records, so the broadcast must hold none. */
class VariantTravelsTest {
    private static Stream<Serializer> serializers() {
        SparkConf conf = new SparkConf(false);
        return Stream.of(new JavaSerializer(conf), new KryoSerializer(conf));
    }

    @ParameterizedTest
    @MethodSource("serializers")
    void theModelIsTheSameAfterSerialization(Serializer serializer) {
        CellVariant variant = CellVariant.PLAIN
                .withActivations(
                        new Activation(Activation.Kind.HARD_SIGMOID, 0.25f, 0.75f),
                        Activation.of(Activation.Kind.SOFTPLUS),
                        new Activation(Activation.Kind.ELU, 0.5f, 0))
                .withClip(2)
                .withCoupledGates()
                .withPeepholes(new CellVariant.Peepholes(new float[] {1, 2}, new float[] {3, 4}, new float[] {5, 6}));
        LstmDirection direction = LstmDirection.plain(
                        Matrix.of(8, 3, new float[24]), Matrix.of(8, 2, new float[16]), new float[8])
                .with(variant);
        LstmLayer layer = LstmLayer.bidirectional(direction, direction.backward(), LstmLayer.Merge.AVERAGE);
        LstmModel model = new LstmModel(Optional.empty(), List.of(layer), Optional.empty());
        ClassTag<LstmModel> type = ClassTag$.MODULE$.apply(LstmModel.class);
        ByteBuffer bytes = serializer.newInstance().serialize(model, type);
        LstmModel arrived = serializer.newInstance().deserialize(bytes, type);
        arrived.verify();
        assertThat(arrived.fingerprint()).isEqualTo(model.fingerprint());
        assertThat(arrived.directions().get(1).variant().isPlain()).isFalse();
    }
}
