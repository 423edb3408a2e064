package sluice.cell;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.Serializable;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Arrows point one way: the face, then kernel, reference and weights, then model. */
class ArchitectureTest {
    private static final String FACE = "sluice.cell";
    private static final String MODEL = "sluice.cell.model";
    private static final String KERNEL = "sluice.cell.kernel";
    private static final String REFERENCE = "sluice.cell.reference";
    private static final String WEIGHTS = "sluice.cell.weights";
    private static final String FILE = WEIGHTS + ".file";
    private static final String TORCH = WEIGHTS + ".torch";
    private static final String ONNX = WEIGHTS + ".onnx";
    private static final String KERAS = WEIGHTS + ".keras";

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(FACE);

    @Test
    void allPackagesAreLookedAt() {
        assertThat(CLASSES)
                .extracting(JavaClass::getPackageName)
                .containsOnly(FACE, MODEL, KERNEL, REFERENCE, WEIGHTS, FILE, TORCH, ONNX, KERAS);
        assertThat(CLASSES).extracting(JavaClass::getSimpleName).doesNotContain("ArchitectureTest");
    }

    @Test
    void theModelKnowsNothingOfOurs() {
        knowsOfOurs(MODEL);
    }

    @Test
    void kernelAndReferenceKnowTheModelAlone() {
        knowsOfOurs(KERNEL, MODEL);
        knowsOfOurs(REFERENCE, MODEL);
    }

    @Test
    void noFormatKnowsAnother() {
        knowsOfOurs(FILE, MODEL);
        knowsOfOurs(TORCH, FILE, MODEL);
        knowsOfOurs(ONNX, FILE, MODEL);
        knowsOfOurs(KERAS, FILE, MODEL);
        knowsOfOurs(WEIGHTS, TORCH, ONNX, KERAS, FILE, MODEL);
    }

    @Test
    void theFaceDoesNotKnowWhereWeightsComeFrom() {
        knowsOfOurs(FACE, KERNEL, REFERENCE, MODEL);
    }

    @Test
    void onlyTheReferenceKnowsBreeze() {
        noClasses()
                .that()
                .resideOutsideOfPackage(REFERENCE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("breeze..", "scala..")
                .check(CLASSES);
    }

    /** It makes objects and calls methods for whoever writes a pickle. */
    @Test
    void onlyTheUnpicklerKnowsThePickleLibrary() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(TORCH + ".CheckpointUnpickler")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("net.razorvine..")
                .check(CLASSES);
    }

    /** It believes what a file says; what it is given, and what it is asked, is checked around it. */
    @Test
    void onlyHdf5ClassesKnowTheHdf5Library() {
        noClasses()
                .that(DescribedPredicate.not(HDF5_CLASSES))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.jhdf..")
                .check(CLASSES);
    }

    private static final DescribedPredicate<JavaClass> HDF5_CLASSES = DescribedPredicate.describe(
            "are called Hdf5... and read Keras models", type -> type.getName().startsWith(KERAS + ".Hdf5"));

    @Test
    void nobodyKnowsSpark() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.spark..", "org.apache.hadoop..")
                .check(CLASSES);
    }

    /** So that everything else loads where the module is absent. */
    @Test
    void onlyVectorClassesKnowTheVectorModule() {
        noClasses()
                .that(DescribedPredicate.not(VECTOR_CLASSES))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jdk.incubator.vector..")
                .check(CLASSES);
    }

    private static final DescribedPredicate<JavaClass> VECTOR_CLASSES = DescribedPredicate.describe(
            "are called Vector... and belong to the kernel",
            type -> type.getName().startsWith(KERNEL + ".Vector"));

    /** Kryo skips transient fields and can't read records: see the package's page. */
    @Test
    void whatIsBroadcastHasNothingThatKryoLoses() {
        fields().that()
                .areDeclaredInClassesThat()
                .resideInAPackage(MODEL)
                .and()
                .areDeclaredInClassesThat()
                .areAssignableTo(Serializable.class)
                .should()
                .notHaveModifier(JavaModifier.TRANSIENT)
                .check(CLASSES);
        classes()
                .that()
                .resideInAPackage(MODEL)
                .and()
                .areAssignableTo(Serializable.class)
                .should()
                .notBeRecords()
                .check(CLASSES);
    }

    /** Of our own packages, this one may know itself and these. */
    private static void knowsOfOurs(String from, String... to) {
        noClasses()
                .that()
                .resideInAPackage(from)
                .should()
                .dependOnClassesThat(DescribedPredicate.describe(
                        "are ours, outside of " + String.join(", ", to),
                        type -> type.getPackageName().startsWith(FACE)
                                && !type.getPackageName().equals(from)
                                && !List.of(to).contains(type.getPackageName())))
                .check(CLASSES);
    }
}
