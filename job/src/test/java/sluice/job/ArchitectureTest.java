package sluice.job;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.Architectures;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import sluice.job.storage.Storage;
import sluice.job.task.BroadcastPlan;

/** The rooms of the job (one package each), their order, and the types that a room shows to the others. */
class ArchitectureTest {
    private static final String ROOT = "sluice.job";

    /** Each room may use those before it. */
    private static final List<String> ROOMS = List.of(
            "vector",
            "memory",
            "fingerprint",
            "parquet",
            "message",
            "storage",
            "settings",
            "model",
            "source",
            "row",
            "input",
            "event",
            "column",
            "report",
            "output",
            "state",
            "task",
            "transform",
            "run",
            "incremental",
            "audit",
            "sql");

    /** The public types of each room. A type that is not listed must be package-private. */
    private static final Map<String, Set<String>> PUBLIC = Map.ofEntries(
            Map.entry("", Set.of("Main", "NamelessUser", "ScoreCommand")),
            Map.entry("audit", Set.of("AuditJob")),
            Map.entry(
                    "column", Set.of("FlaggedRanks", "OutputColumns", "OutputSize", "ReasonColumn", "VectorMetadata")),
            Map.entry(
                    "fingerprint",
                    Set.of(
                            "CountedAvroFormat",
                            "CountedJsonFormat",
                            "CountedOrcFormat",
                            "CountedWriterFactory",
                            "FileFooter",
                            "FileSum",
                            "FileSums",
                            "Fingerprint",
                            "HashedColumns",
                            "RowSum",
                            "TableFingerprint")),
            Map.entry("event", Set.of("CachedSequences", "EventCounts", "EventTable")),
            Map.entry("incremental", Set.of("IncrementalJob")),
            Map.entry(
                    "input",
                    Set.of(
                            "ClassColumns",
                            "EventOrder",
                            "InitialState",
                            "InputPlan",
                            "InputRow",
                            "InputTable",
                            "ResolvedWindows",
                            "SequenceReader")),
            Map.entry("memory", Set.of("RowSize", "TaskHeap")),
            Map.entry(
                    "message",
                    Set.of(
                            "AfterCommit",
                            "BadRowException",
                            "Console",
                            "DecodedText",
                            "ExitCode",
                            "Failure",
                            "HumanText",
                            "RefusedException",
                            "RowTooLargeException",
                            "Suggestion",
                            "TwoColumnText",
                            "UnfinishedException",
                            "UnsafeJava",
                            "Version")),
            Map.entry(
                    "model",
                    Set.of(
                            "BroadcastModel",
                            "CachedModel",
                            "ModelCache",
                            "ModelSummary",
                            "SavedModel",
                            "Vocabulary",
                            "Vocabularies",
                            "VocabularySource")),
            Map.entry(
                    "output",
                    Set.of(
                            "DirectoryOutput",
                            "Places",
                            "Provenance",
                            "PublishedTogether",
                            "ScoredOutput",
                            "StagedOutput",
                            "StagingCommitProtocol",
                            "TableShape",
                            "WrittenTable")),
            Map.entry("parquet", Set.of("NumberListFormat")),
            Map.entry(
                    "report",
                    Set.of(
                            "BadRowCounts",
                            "DryRunReport",
                            "MetricsPlugin",
                            "PartitionSum",
                            "ProcessCounts",
                            "Progress",
                            "RunCounters",
                            "RunHistory",
                            "RunMetrics",
                            "RunName",
                            "RunRecord",
                            "RunReport",
                            "RunStatus",
                            "TaskClock",
                            "WrittenRun")),
            Map.entry(
                    "row",
                    Set.of(
                            "Padding",
                            "RowDefect",
                            "SequenceBounds",
                            "SequenceForm",
                            "StepFeatures",
                            "StepVectors",
                            "TextList",
                            "UnreadableRow")),
            Map.entry("run", Set.of("DryRun", "ReportPrinter", "ScoringJob")),
            Map.entry(
                    "settings",
                    Set.of(
                            "AnswerClasses",
                            "BadRowRule",
                            "ClusterPrefixes",
                            "ColumnValues",
                            "InputFormat",
                            "LengthLimits",
                            "OutputFormat",
                            "OutputMode",
                            "RunSession",
                            "SettingKey",
                            "SettingValues",
                            "Settings",
                            "SortColumn",
                            "Tokenizer",
                            "VectorForm",
                            "WindowSettings")),
            Map.entry("source", Set.of("ColumnNames", "ColumnPath", "HiveTransactions", "TableSource")),
            Map.entry("sql", Set.of("SluiceCatalog")),
            Map.entry("state", Set.of("CarriedStates", "StateFiles", "StateJoin", "StateUpdate", "StateWriter")),
            Map.entry(
                    "storage",
                    Set.of(
                            "FileStamp",
                            "HadoopChannel",
                            "Journal",
                            "LocalFiles",
                            "PartitionName",
                            "Publication",
                            "PublicationLog",
                            "PublicationRecord",
                            "SmallFile",
                            "StagingDirectory",
                            "Storage",
                            "StoreGuarantees")),
            Map.entry(
                    "task",
                    Set.of(
                            "BroadcastPlan",
                            "CostEstimate",
                            "PartitionScorer",
                            "RowScorer",
                            "RuntimeEstimate",
                            "ScoringPlan",
                            "SpeedTrial",
                            "TableSample",
                            "TaskLayout",
                            "TaskLayoutPlanner")),
            Map.entry("transform", Set.of("TableScorer")),
            Map.entry("vector", Set.of("VectorNumbers", "VectorType")));

    /**
     * Entry points: what Spark or spark-submit loads by its name, the command that {@code Main} runs, and what the stage of Spark ML
     * pipelines uses.
     */
    private static final Set<String> ENTRY_POINTS = Set.of(
            "LocalFiles",
            "Main",
            "NamelessUser",
            "ScoreCommand",
            "SluiceCatalog",
            "MetricsPlugin",
            "StagingCommitProtocol",
            "NumberListFormat",
            "TableScorer");

    /** These rooms know no users' paths: Spark hands them those of files that it writes. */
    private static final Set<String> GIVEN_PATHS_BY_SPARK = Set.of("fingerprint", "parquet");

    private static final int LARGEST_CIRCLE = 3;
    private static final int LARGEST_ROOM = 20;

    private static final JavaClasses JOB = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    private static final JavaClasses BOTH_MODULES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("sluice.cell", ROOT);

    @Test
    void everyRoomIsListed() {
        Set<String> found = JOB.stream().map(ArchitectureTest::room).collect(Collectors.toCollection(TreeSet::new));
        found.remove("");
        assertThat(found)
                .as("a new package needs a place in the order of rooms")
                .isEqualTo(new TreeSet<>(ROOMS));
    }

    @Test
    void roomsUseOnlyThoseBeforeThem() {
        Architectures.LayeredArchitecture layers =
                Architectures.layeredArchitecture().consideringOnlyDependenciesInLayers();
        for (String room : ROOMS) {
            layers = layers.layer(room).definedBy(ROOT + "." + room);
        }
        layers = layers.layer("commands").definedBy(ROOT);
        for (int at = 0; at < ROOMS.size(); at++) {
            List<String> later = new ArrayList<>(ROOMS.subList(at + 1, ROOMS.size()));
            later.add("commands");
            layers = layers.whereLayer(ROOMS.get(at)).mayOnlyBeAccessedByLayers(later.toArray(String[]::new));
        }
        layers.whereLayer("commands").mayNotBeAccessedByAnyLayer().check(JOB);
    }

    /** The command line and SQL are two ways in, neither of which knows the other. */
    @Test
    void commandLineAndSqlDoNotKnowEachOther() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAPackage(ROOT)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + ".sql")
                .check(JOB);
    }

    @Test
    void noCircleBetweenRooms() {
        slices().matching(ROOT + ".(*)").should().beFreeOfCycles().check(JOB);
    }

    @Test
    void noCircleOfMoreThanThreeClasses() {
        assertThat(circles())
                .filteredOn(circle -> circle.size() > LARGEST_CIRCLE)
                .isEmpty();
    }

    @Test
    void roomsStaySmall() {
        Map<String, Long> sizes = JOB.stream()
                .filter(JavaClass::isTopLevelClass)
                .filter(type -> !type.getSimpleName().equals("package-info"))
                .collect(Collectors.groupingBy(ArchitectureTest::room, Collectors.counting()));
        assertThat(sizes).allSatisfy((room, size) -> assertThat(size).as(room).isLessThanOrEqualTo(LARGEST_ROOM));
    }

    @Test
    void onlyListedTypesArePublic() {
        Map<String, Set<String>> found = new TreeMap<>();
        for (JavaClass type : JOB) {
            if (type.isTopLevelClass()
                    && type.getModifiers().contains(JavaModifier.PUBLIC)
                    && !type.getSimpleName().equals("package-info")) {
                found.computeIfAbsent(room(type), room -> new TreeSet<>()).add(type.getSimpleName());
            }
        }
        assertThat(found).isEqualTo(PUBLIC);
    }

    @Test
    void aPublicTypeIsUsedByAnotherRoom() {
        List<String> unused = JOB.stream()
                .filter(type -> type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC))
                .filter(type -> !ENTRY_POINTS.contains(type.getSimpleName()))
                .filter(type -> JOB.stream()
                        .filter(nested -> topLevel(nested).equals(type.getName()))
                        .flatMap(nested -> nested.getDirectDependenciesToSelf().stream())
                        .allMatch(use -> room(use.getOriginClass()).equals(room(type))))
                .map(JavaClass::getName)
                .toList();
        assertThat(unused).as("make these package-private").isEmpty();
    }

    /** Kryo, which a user may set as {@code spark.serializer}, can't read records. */
    @Test
    void whatIsBroadcastHasNoRecords() {
        Deque<JavaClass> waiting = new ArrayDeque<>(List.of(BOTH_MODULES.get(BroadcastPlan.class)));
        Set<JavaClass> found = new HashSet<>(waiting);
        while (!waiting.isEmpty()) {
            for (JavaField field : waiting.remove().getAllFields()) {
                JavaClass type = field.getRawType().getBaseComponentType();
                boolean isSent = !field.getModifiers().contains(JavaModifier.TRANSIENT)
                        && !field.getModifiers().contains(JavaModifier.STATIC)
                        && BOTH_MODULES.contain(type.getName());
                if (isSent) {
                    Set<JavaClass> values = new HashSet<>(type.getAllSubclasses());
                    values.add(type);
                    values.stream().filter(found::add).forEach(waiting::add);
                }
            }
        }
        assertThat(found).extracting(JavaClass::getSimpleName).contains("SequenceReader", "LengthLimits", "StateKey");
        assertThat(found).filteredOn(JavaClass::isRecord).isEmpty();
    }

    @Test
    void theJobUsesTheEngineThroughItsFaceAlone() {
        ArchRuleDefinition.noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "sluice.cell.answer..",
                        "sluice.cell.kernel..",
                        "sluice.cell.reference..",
                        "breeze..",
                        "jdk.incubator..")
                .because("the cell chooses its kernel by itself")
                .check(JOB);
    }

    /** Spark's ML library is not on every class path, so its classes load when there is a vector. */
    @Test
    void oneClassKnowsTheVectorsOfSparksMlLibrary() {
        ArchRuleDefinition.noClasses()
                .that()
                .doNotHaveSimpleName("MlVectors")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.spark.ml..", "org.apache.spark.mllib..")
                .check(JOB);
    }

    /** The stage of Spark ML pipelines is a face over the job, which does not know it. */
    @Test
    void thePipelineStageUsesTheTableScorerAlone() {
        JavaClasses stages = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("sluice.ml", ROOT);
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAPackage("sluice.ml")
                .should()
                .dependOnClassesThat(JavaClass.Predicates.resideInAPackage("sluice..")
                        .and(DescribedPredicate.not(JavaClass.Predicates.resideInAnyPackage(
                                "sluice.ml", ROOT + ".transform", ROOT + ".settings", ROOT + ".message"))))
                .check(stages);
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAPackage(ROOT + "..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("sluice.ml")
                .check(stages);
    }

    @Test
    void theParquetWriterKnowsOnlySpark() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAPackage(ROOT + ".parquet")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("sluice.cell..")
                .because("it writes any table with lists of numbers")
                .check(JOB);
    }

    /** A text may be no path ({@code a:b}), and a file system may lack jars. Both are refused with a sentence in one place. */
    @Test
    void onlyStorageMakesPathsOfTextsAndFindsFileSystems() {
        List<String> found = JOB.stream()
                .filter(type -> !GIVEN_PATHS_BY_SPARK.contains(room(type)))
                .flatMap(type -> type.getAccessesFromSelf().stream())
                .filter(access -> access.getTarget() instanceof AccessTarget.CodeUnitAccessTarget)
                .filter(access -> isOfPathOrFileSystem((AccessTarget.CodeUnitAccessTarget) access.getTarget())
                        && !topLevel(access.getOriginOwner()).equals(Storage.class.getName()))
                .map(JavaAccess::getDescription)
                .toList();
        assertThat(found)
                .as("use Storage.path, Storage.qualified or Storage.child, and Storage.of")
                .isEmpty();
    }

    private static boolean isOfPathOrFileSystem(AccessTarget.CodeUnitAccessTarget called) {
        if (called.getOwner().isEquivalentTo(Path.class)) {
            boolean isOfText = called.getName().equals("<init>")
                    && !called.getRawParameterTypes().isEmpty()
                    && called.getRawParameterTypes().get(0).isEquivalentTo(String.class);
            return isOfText || called.getName().equals("getFileSystem");
        }
        return called.getOwner().isAssignableTo(FileSystem.class)
                && Set.of("get", "newInstance", "getLocal", "newInstanceLocal").contains(called.getName());
    }

    /** The first part of the package's name after {@code sluice.job}, or an empty text for the root. */
    private static String room(JavaClass type) {
        String name = type.getPackageName();
        return name.equals(ROOT) ? "" : name.substring(ROOT.length() + 1);
    }

    /** The sets of top-level classes each of which reaches all others of its set. */
    private static Set<Set<String>> circles() {
        Map<String, Set<String>> uses = new HashMap<>();
        for (JavaClass type : BOTH_MODULES) {
            Set<String> used = uses.computeIfAbsent(topLevel(type), name -> new HashSet<>());
            type.getDirectDependenciesFromSelf().stream()
                    .map(dependency -> topLevel(dependency.getTargetClass()))
                    .filter(name -> name.startsWith("sluice."))
                    .forEach(used::add);
        }
        Map<String, Set<String>> reached = new HashMap<>();
        uses.keySet().forEach(name -> reached.put(name, reachable(name, uses)));
        Set<Set<String>> circles = new HashSet<>();
        for (String name : uses.keySet()) {
            Set<String> circle = reached.get(name).stream()
                    .filter(other -> reached.getOrDefault(other, Set.of()).contains(name))
                    .collect(Collectors.toCollection(TreeSet::new));
            circle.add(name);
            circles.add(circle);
        }
        return circles;
    }

    private static Set<String> reachable(String from, Map<String, Set<String>> uses) {
        Set<String> found = new HashSet<>();
        Deque<String> waiting = new ArrayDeque<>(uses.get(from));
        while (!waiting.isEmpty()) {
            String next = waiting.remove();
            if (!next.equals(from) && found.add(next)) {
                waiting.addAll(uses.getOrDefault(next, Set.of()));
            }
        }
        return found;
    }

    private static String topLevel(JavaClass type) {
        JavaClass at = type.getBaseComponentType();
        while (at.getEnclosingClass().isPresent()) {
            at = at.getEnclosingClass().get();
        }
        return at.getName();
    }
}
