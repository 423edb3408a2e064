/**
 * The door for SQL: a catalog of functions and procedures, {@link sluice.job.sql.SluiceCatalog}, which whatever speaks Spark's SQL can
 * call. Here is only what Spark's interfaces ask for; what is answered, and how, is the job's: {@link sluice.job.sql.SessionModels}.
 */
package sluice.job.sql;
