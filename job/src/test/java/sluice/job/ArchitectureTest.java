package sluice.job;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;
import sluice.job.parquet.NumberListFormat;
import sluice.job.report.MetricsPlugin;
import sluice.job.sql.RowFunction;
import sluice.job.sql.ScoringFunction;
import sluice.job.sql.SessionModels;
import sluice.job.sql.SluiceCatalog;

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
                .doNotBelongToAnyOf(Main.class, MetricsPlugin.class, SluiceCatalog.class, NumberListFormat.class)
                .and()
                .doNotBelongToAnyOf(SessionModels.class, RowFunction.class, ScoringFunction.class)
                .should()
                .notBePublic()
                .because(
                        "Sluice is used through its command line, its settings and SQL; the door for SQL is a package of its own")
                .check(JOB);
    }

    @Test
    void theJobKnowsNothingOfTheDoorForSql() {
        noClasses()
                .that()
                .resideInAPackage("sluice.job")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("sluice.job.sql")
                .because("the door is one of the ways in, as the command line is")
                .check(JOB);
    }

    @Test
    void whatWritesFilesKnowsNothingOfTheJob() {
        noClasses()
                .that()
                .resideInAPackage("sluice.job.parquet")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("sluice.job", "sluice.job.sql", "sluice.cell..")
                .because("it writes any table with lists of numbers")
                .check(JOB);
    }
}
