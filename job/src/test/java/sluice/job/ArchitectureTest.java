package sluice.job;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** What the job's classes may know of others. */
class ArchitectureTest {
    private static final JavaClasses JOB = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("sluice.job");

    @Test
    void theJobScoresThroughTheCellsFaceAlone() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("sluice.cell.kernel..", "sluice.cell.reference..", "breeze..", "jdk.incubator..")
                .because("which kernel runs, and on what, is the cell's own affair")
                .check(JOB);
    }

    @Test
    void onlyWhatSparkStartsIsPublic() {
        classes()
                .that()
                .doNotBelongToAnyOf(Main.class, MetricsPlugin.class)
                .should()
                .notBePublic()
                .because("Sluice is used through its command line and its settings")
                .check(JOB);
    }
}
