package sluice.job;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import sluice.job.parquet.NumberListFormat;
import sluice.job.report.MetricsPlugin;
import sluice.job.sql.SluiceCatalog;

/** The rooms of the job: which package may use which, and which types are public. */
class ArchitectureTest {
    private static final String ROOT = "sluice.job";
    private static final String SQL = "sluice.job.sql";

    /** From the bottom up: a room may use those before it. */
    private static final List<String> ROOMS = Stream.of(
                    "parquet",
                    "message",
                    "storage",
                    "settings",
                    "model",
                    "input",
                    "report",
                    "output",
                    "state",
                    "task",
                    "run",
                    "incremental")
            .map(name -> ROOT + "." + name)
            .toList();

    /** What Spark and spark-submit start by name, and the command line for programs that embed it. */
    private static final List<Class<?>> ENTRY_POINTS =
            List.of(Main.class, ScoreCommand.class, SluiceCatalog.class, MetricsPlugin.class, NumberListFormat.class);

    private static final JavaClasses JOB = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    @Test
    void everyClassIsInARoom() {
        List<String> packages =
                Stream.concat(ROOMS.stream(), Stream.of(ROOT, SQL)).toList();
        classes().should().resideInAnyPackage(packages.toArray(String[]::new)).check(JOB);
    }

    @ParameterizedTest
    @FieldSource("ROOMS")
    void aRoomUsesOnlyThoseBeforeIt(String room) {
        List<String> later = ROOMS.subList(ROOMS.indexOf(room) + 1, ROOMS.size());
        String[] forbidden = Stream.concat(later.stream(), Stream.of(ROOT, SQL)).toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage(room)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(forbidden)
                .check(JOB);
    }

    @Test
    void theTwoEntryPointsDoNotUseEachOther() {
        noClasses()
                .that()
                .resideInAPackage(ROOT)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(SQL)
                .check(JOB);
        noClasses()
                .that()
                .resideInAPackage(SQL)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT)
                .check(JOB);
    }

    @Test
    void onlyTypesThatAnotherRoomUsesArePublic() {
        List<String> unused = JOB.stream()
                .filter(type -> type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC))
                .filter(type -> ENTRY_POINTS.stream().noneMatch(type::isEquivalentTo))
                .filter(type -> !isUsedByAnotherRoom(type))
                .map(JavaClass::getName)
                .sorted()
                .toList();
        assertThat(unused).as("public types that no other room uses").isEmpty();
    }

    /** Uses of nested types count for the type that contains them. */
    private static boolean isUsedByAnotherRoom(JavaClass type) {
        return JOB.stream()
                .filter(nested -> nested.getName().equals(type.getName())
                        || nested.getName().startsWith(type.getName() + "$"))
                .flatMap(nested -> nested.getDirectDependenciesToSelf().stream())
                .map(Dependency::getOriginClass)
                .anyMatch(user -> !user.getPackageName().equals(type.getPackageName()));
    }

    @Test
    void theJobUsesTheFaceOfTheCell() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("sluice.cell.kernel..", "sluice.cell.reference..", "breeze..", "jdk.incubator..")
                .because("the cell chooses the kernel")
                .check(JOB);
    }

    @Test
    void theParquetWriterDoesNotUseTheCell() {
        noClasses()
                .that()
                .resideInAPackage("sluice.job.parquet")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("sluice.cell..")
                .because("it writes any table with lists of numbers")
                .check(JOB);
    }
}
