"""Scores the events of the previous day every night. Needs Airflow 2.4 or later and apache-airflow-providers-apache-spark.

Adapt: SLUICE_HOME and NIGHT (in Airflow's environment, or here), the connection, the settings in night.conf, and alert().
The connection must use client mode, because only then the exit code of spark-submit is the exit code of the run.

Retries are safe: the run replaces the partition of its day, so a repeated run changes nothing.
"""

import logging
import os
import re
from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

try:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException  # from Airflow 3.2 on
except ImportError:
    from airflow.exceptions import AirflowException, AirflowFailException

SLUICE_HOME = os.environ.get("SLUICE_HOME", "/opt/sluice")
NIGHT = os.environ.get("NIGHT", "/srv/night")

# The day before the scheduled time of the run. {{ ds }} is that day in Airflow 2, but the day after it in Airflow 3.
DAY = "{{ (data_interval_end - macros.timedelta(days=1)) | ds }}"

ARGUMENTS = [
    "--config",
    f"{SLUICE_HOME}/submit/schedule/night.conf",
    "--run",
    DAY,
    "--set",
    f"input.filter=day = '{DAY}'",
]

# Exit codes that a retry would return again.
NOT_AGAIN = {
    2: "settings, model or table are wrong",
    3: "too many rows cannot be scored (bad-rows.max-fraction)",
}


def exit_code(failure):
    """Returns the exit code of the run from the text of the operator's exception, or None if the text has no exit code.

    On Kubernetes the text has two exit codes: that of spark-submit, and that of the driver's container, which is the run's.
    """
    driver = re.search(r"Kubernetes spark exit code is: (\d+)", failure)
    submit = re.search(r"Error code is: (\d+)", failure)
    found = driver or submit
    return int(found.group(1)) if found else None


def alert(context):
    """Called after the last attempt has failed."""
    logging.error("%s: %s", context["task_instance"], context.get("exception"))


class ScoreOperator(SparkSubmitOperator):
    """Submits the run. Fails without further retries if a retry cannot succeed."""

    def execute(self, context):
        try:
            return super().execute(context)
        except AirflowException as failure:
            code = exit_code(str(failure))
            if code in NOT_AGAIN:
                raise AirflowFailException(f"exit code {code}: {NOT_AGAIN[code]}; {failure}") from failure
            raise


with DAG(
    dag_id="sluice_nightly",
    schedule="30 2 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
):
    ScoreOperator(
        task_id="score",
        conn_id="spark_default",
        application=f"{SLUICE_HOME}/job/target/sluice.jar",
        java_class="sluice.job.Main",
        application_args=ARGUMENTS,
        name="sluice",
        env_vars={"NIGHT": NIGHT},
        retries=3,
        retry_delay=timedelta(minutes=10),
        on_failure_callback=alert,
    )
