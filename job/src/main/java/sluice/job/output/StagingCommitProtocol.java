package sluice.job.output;

import java.io.Serializable;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.JobContext;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.lib.output.FileOutputFormat;
import org.apache.spark.internal.io.FileCommitProtocol;
import org.apache.spark.internal.io.FileNameSpec;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.internal.SQLConf;
import scala.Option;
import scala.collection.immutable.Seq;

/**
 * Spark's commit protocol of a write whose plan names the published directory, while its files go to the staging directory. Spark's UI,
 * its event log and listeners that record lineage take the destination from the plan, and the staging directory is gone when they are
 * read. The files themselves are written and committed by the protocol of the user's session, in the staging directory.
 *
 * <p>Spark makes it from its name.
 */
public final class StagingCommitProtocol extends FileCommitProtocol implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final String STAGING = "sluice.staging.path";
    private static final String PROTOCOL = "sluice.staging.commit-protocol";

    private final String jobId;
    private FileCommitProtocol staged; // null until the job is set up

    /**
     * @param published directory of the plan, to which nothing is written
     * @param overwritesPartitions always {@code false}, because a staged write adds to the plan's directory
     */
    public StagingCommitProtocol(String jobId, String published, boolean overwritesPartitions) {
        if (overwritesPartitions) {
            throw new IllegalArgumentException("a staged write replaces nothing in " + published);
        }
        this.jobId = jobId;
    }

    /**
     * Writes files to a staging directory.
     *
     * @param session of the writer's rows
     * @param published directory that the plan names; it need not exist, and is not changed
     * @param staging directory for the files, which doesn't exist yet
     */
    public static void save(DataFrameWriter<?> writer, RuntimeConfig session, Path published, String staging) {
        String key = SQLConf.FILE_COMMIT_PROTOCOL_CLASS().key();
        String user = session.get(key);
        session.set(key, StagingCommitProtocol.class.getName());
        try {
            writer.mode(SaveMode.Append) // the only mode in which Spark leaves the plan's directory alone
                    .options(Map.of(STAGING, staging, PROTOCOL, user))
                    .save(published.toString());
        } finally {
            session.set(key, user);
        }
    }

    @Override
    public void setupJob(JobContext job) {
        Configuration options = job.getConfiguration(); // with the options of the write
        String staging = options.get(STAGING);
        if (staging == null) {
            throw new IllegalStateException("a write to a staging directory needs its path");
        }
        options.set(FileOutputFormat.OUTDIR, staging); // for committers that don't get a path
        staged = FileCommitProtocol.instantiate(options.get(PROTOCOL), jobId, staging, false);
        staged.setupJob(job);
    }

    @Override
    public void commitJob(JobContext job, Seq<TaskCommitMessage> tasks) {
        staged.commitJob(job, tasks);
    }

    @Override
    public void abortJob(JobContext job) {
        staged.abortJob(job);
    }

    @Override
    public void setupTask(TaskAttemptContext task) {
        staged.setupTask(task);
    }

    @Override
    @SuppressWarnings("deprecation") // abstract in Spark 4.0
    public String newTaskTempFile(TaskAttemptContext task, Option<String> directory, String extension) {
        return staged.newTaskTempFile(task, directory, extension);
    }

    @Override
    public String newTaskTempFile(TaskAttemptContext task, Option<String> directory, FileNameSpec name) {
        return staged.newTaskTempFile(task, directory, name);
    }

    @Override
    @SuppressWarnings("deprecation") // abstract in Spark 4.0
    public String newTaskTempFileAbsPath(TaskAttemptContext task, String directory, String extension) {
        return staged.newTaskTempFileAbsPath(task, directory, extension);
    }

    @Override
    public String newTaskTempFileAbsPath(TaskAttemptContext task, String directory, FileNameSpec name) {
        return staged.newTaskTempFileAbsPath(task, directory, name);
    }

    @Override
    public TaskCommitMessage commitTask(TaskAttemptContext task) {
        return staged.commitTask(task);
    }

    @Override
    public void abortTask(TaskAttemptContext task) {
        staged.abortTask(task);
    }

    @Override
    public void onTaskCommit(TaskCommitMessage message) {
        staged.onTaskCommit(message);
    }
}
