"""Takes the schemas out of the custom resource definitions of Kubeflow's Spark operator, without descriptions, for ScheduleFilesTest.

    python3 trim_crds.py CHECKOUT_OF_SPARK_OPERATOR

Writes sparkapplications.json.gz and scheduledsparkapplications.json.gz beside this file. A repeated run writes the same bytes.
"""

import gzip
import json
import pathlib
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent


def trimmed(schema):
    """The schema without the texts, which no validation reads."""
    if isinstance(schema, list):
        return [trimmed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: trimmed(field) for name, field in value.items()} if key == "properties" else trimmed(value)
        for key, value in schema.items()
        if key != "description"
    }


def main(checkout):
    for name in "sparkapplications", "scheduledsparkapplications":
        crd = yaml.safe_load((checkout / f"config/crd/bases/sparkoperator.k8s.io_{name}.yaml").read_text("utf-8"))
        spec = crd["spec"]
        (version,) = (each for each in spec["versions"] if each["name"] == "v1beta2")
        content = {
            "group": spec["group"],
            "kind": spec["names"]["kind"],
            "version": version["name"],
            "schema": trimmed(version["schema"]["openAPIV3Schema"]),
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        (HERE / f"{name}.json.gz").write_bytes(gzip.compress(text.encode("utf-8"), 9, mtime=0))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
