package sluice.cell;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.Serializable;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The packages form layers, each package has a list of public types, and libraries are used where they belong. */
class ArchitectureTest {
    private static final String FACE = "sluice.cell";
    private static final String ANSWER = "sluice.cell.answer";
    private static final String ENGINE = "sluice.cell.engine";
    private static final String KERNEL = "sluice.cell.kernel";
    private static final String ONLINE = "sluice.cell.online";
    private static final String MODEL = "sluice.cell.model";
    private static final String REFERENCE = "sluice.cell.reference";
    private static final String WEIGHTS = "sluice.cell.weights";
    private static final String FILE = WEIGHTS + ".file";
    private static final String STATE_DICT = WEIGHTS + ".statedict";
    private static final String TORCH = WEIGHTS + ".torch";
    private static final String ONNX = WEIGHTS + ".onnx";
    private static final String KERAS = WEIGHTS + ".keras";

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(FACE);

    /** Public types of the packages that score. Everything else in them must not be public. */
    private static final Map<String, Set<String>> PUBLIC_TYPES = Map.of(
            FACE,
            Set.of(
                    "AnswerWidths",
                    "ClassChoice",
                    "Defect",
                    "FlopCount",
                    "InputColumn",
                    "InputKind",
                    "KernelChoice",
                    "LstmState",
                    "OutputKind",
                    "Pooling",
                    "ScoreRequest",
                    "ScoredSequence",
                    "Sequence",
                    "SequenceRules",
                    "SequenceScorer",
                    "StepGates",
                    "Steps",
                    "Windows"),
            ANSWER,
            Set.of("Answer", "AnswerWriter", "Nodes", "OutputQueue", "OutputStage"),
            ENGINE,
            Set.of("AnswerCache", "CompiledModel", "Sharing", "StepAnswer", "StepScorer"),
            ONLINE,
            Set.of("Scorer", "Session", "UnscorableException"),
            KERNEL,
            Set.of(
                    "GatePanels",
                    "GateProbe",
                    "Kernel",
                    "Kernels",
                    "LinearPanels",
                    "LinearRows",
                    "Softmax",
                    "StepRows",
                    "VariantEquations",
                    "VariantStep"),
            MODEL,
            Set.of(
                    "Activation",
                    "CellVariant",
                    "Embedding",
                    "Gate",
                    "InputPart",
                    "LstmDirection",
                    "LstmLayer",
                    "LstmModel",
                    "Matrix",
                    "ModelException",
                    "OutputLayer",
                    "Printable",
                    "Readout"),
            REFERENCE,
            Set.of("ReferenceLstm"));

    /** Each package may use the listed packages only. A package that is not listed fails the rule. */
    @Test
    void eachPackageUsesOnlyThoseBelowIt() {
        layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage(FACE + "..")
                .layer("model")
                .definedBy(MODEL)
                .layer("kernel")
                .definedBy(KERNEL)
                .layer("reference")
                .definedBy(REFERENCE)
                .layer("face")
                .definedBy(FACE)
                .layer("answer")
                .definedBy(ANSWER)
                .layer("engine")
                .definedBy(ENGINE)
                .layer("online")
                .definedBy(ONLINE)
                .layer("file")
                .definedBy(FILE)
                .layer("statedict")
                .definedBy(STATE_DICT)
                .layer("torch")
                .definedBy(TORCH)
                .layer("onnx")
                .definedBy(ONNX)
                .layer("keras")
                .definedBy(KERAS)
                .layer("weights")
                .definedBy(WEIGHTS)
                .whereLayer("model")
                .mayNotAccessAnyLayer()
                .whereLayer("kernel")
                .mayOnlyAccessLayers("model")
                .whereLayer("reference")
                .mayOnlyAccessLayers("model")
                .whereLayer("face")
                .mayOnlyAccessLayers("model")
                .whereLayer("answer")
                .mayOnlyAccessLayers("face", "kernel", "model")
                .whereLayer("engine")
                .mayOnlyAccessLayers("answer", "face", "reference", "kernel", "model")
                .whereLayer("online")
                .mayOnlyAccessLayers("engine", "face", "weights", "file", "model")
                .whereLayer("file")
                .mayOnlyAccessLayers("model")
                .whereLayer("statedict")
                .mayOnlyAccessLayers("file", "model")
                .whereLayer("torch")
                .mayOnlyAccessLayers("statedict", "file", "model")
                .whereLayer("onnx")
                .mayOnlyAccessLayers("file", "model")
                .whereLayer("keras")
                .mayOnlyAccessLayers("file", "model")
                .whereLayer("weights")
                .mayOnlyAccessLayers("statedict", "torch", "onnx", "keras", "file", "model")
                .ensureAllClassesAreContainedInArchitecture()
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCircles() {
        slices().matching(FACE + ".(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void onlyListedTypesArePublic() {
        PUBLIC_TYPES.forEach((room, expected) -> assertThat(CLASSES.stream()
                        .filter(type -> type.getPackageName().equals(room))
                        .filter(type ->
                                type.isTopLevelClass() && !type.getSimpleName().equals("package-info"))
                        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(JavaClass::getSimpleName))
                .as("public types of " + room)
                .containsExactlyInAnyOrderElementsOf(expected));
    }

    @Test
    void onlyTheReferenceUsesBreeze() {
        noClasses()
                .that()
                .resideOutsideOfPackage(REFERENCE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("breeze..", "scala..")
                .check(CLASSES);
    }

    /** The library creates objects and calls methods that a pickle names, so it is confined to one class. */
    @Test
    void onlyTheUnpicklerUsesThePickleLibrary() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(TORCH + ".CheckpointUnpickler")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("net.razorvine..")
                .check(CLASSES);
    }

    /** The library trusts a file, so the classes around it check the file and each call. */
    @Test
    void onlyHdf5ClassesUseTheHdf5Library() {
        noClasses()
                .that(DescribedPredicate.not(HDF5_CLASSES))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.jhdf..")
                .check(CLASSES);
    }

    private static final DescribedPredicate<JavaClass> HDF5_CLASSES = DescribedPredicate.describe(
            "are named Hdf5... and read Keras models", type -> type.getName().startsWith(KERAS + ".Hdf5"));

    @Test
    void noClassUsesSpark() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.spark..", "org.apache.hadoop..")
                .check(CLASSES);
    }

    /** All other classes must load where the module is absent. */
    @Test
    void onlyVectorClassesUseTheVectorModule() {
        noClasses()
                .that(DescribedPredicate.not(VECTOR_CLASSES))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jdk.incubator.vector..")
                .check(CLASSES);
    }

    private static final DescribedPredicate<JavaClass> VECTOR_CLASSES = DescribedPredicate.describe(
            "are named Vector... in the kernel package", type -> type.getName().startsWith(KERNEL + ".Vector"));

    /** Kryo skips transient fields and cannot read records: see the page of the package model. */
    @Test
    void broadcastClassesKeepTheirFieldsUnderKryo() {
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
}
