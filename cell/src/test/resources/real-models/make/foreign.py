"""Files and directories that hold no model of a known format. Run: python make/foreign.py (in the folder real-models)."""
import argparse
import bz2
import gzip
import io
import json
import lzma
import os
import pathlib
import pickle
import shutil
import tarfile
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import onnx
import safetensors.torch
import tensorflow as tf
import torch
import torch.distributed.checkpoint
from torch import nn

torch.manual_seed(20)
keras.utils.set_random_seed(20)
V, E, H = 10, 4, 6


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.lstm = nn.LSTM(E, H, batch_first=True)
        self.fc = nn.Linear(H, V)

    def forward(self, tokens):
        return self.fc(self.lstm(self.embedding(tokens))[0])


def case(name, model, why):
    """Returns the path of the model file or directory, which the caller writes."""
    folder = pathlib.Path(name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    run = {"label": "", "at": "each", "expect": "refuse", "why": why, "sets": {}, "emits": "softmax", "inputs": None, "expected": None}
    (folder / "case.json").write_text(json.dumps({"name": name, "model": model, "runs": [run]}, indent=1))
    return folder / model


net = Net()
state = net.state_dict()
tokens = torch.zeros(1, 3, dtype=torch.long)
buffer = io.BytesIO()
torch.save(state, buffer)
checkpoint = buffer.getvalue()

# compressed files and archives
case("f_gzip", "model.pt.gz", "gzip").write_bytes(gzip.compress(checkpoint))
case("f_gzip_without_time", "model.pt.gz", "gzip -n: the first 8 bytes are a plausible length").write_bytes(
    gzip.compress(checkpoint, mtime=0))
case("f_bzip2", "model.pt.bz2", "bzip2").write_bytes(bz2.compress(checkpoint))
case("f_xz", "model.pt.xz", "xz").write_bytes(lzma.compress(checkpoint))


def tar(path, files):
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


tar(case("f_tar", "model.tar", "tar"), {"m/model.pt": checkpoint})
tar(case("f_tar_short_name", "m", "tar: the first 8 bytes are a plausible length"), {"m": checkpoint})
tar(case("f_tar_torch_0_1", "old.pt", "the tar archives of PyTorch 0.1"),
    {"sys_info": pickle.dumps({"protocol_version": 1000}), "pickle": b"x", "storages": b"x", "tensors": b"x"})
with zipfile.ZipFile(case("f_zip_of_model", "model.zip", "a zip archive with a model in it"), "w") as archive:
    archive.writestr("run/model.pt", checkpoint)

# PyTorch
torch.save(state, case("f_torch_legacy", "old.pth", "before PyTorch 1.6"), _use_new_zipfile_serialization=False)
case("f_pickle", "model.pkl", "pickle.dump").write_bytes(pickle.dumps({k: v.numpy() for k, v in state.items()}))
torch.jit.trace(net, tokens).save(case("f_torchscript", "model.pt", "TorchScript"))
torch.export.save(torch.export.export(net, (tokens,)), case("f_torch_export", "model.pt2", "torch.export.save"))
folder = case("f_dcp_file", "__0_0.distcp", "one file of torch.distributed.checkpoint").parent
torch.distributed.checkpoint.save(state, checkpoint_id=folder / "ck", no_dist=True)
(folder / "ck" / "__0_0.distcp").rename(folder / "__0_0.distcp")
(case("f_dcp_metadata", "metadata", "the metadata of torch.distributed.checkpoint")).write_bytes((folder / "ck" / ".metadata").read_bytes())
shutil.rmtree(folder / "ck")
folder = case("f_torch_unpacked", "model", "an unpacked checkpoint")
with zipfile.ZipFile(io.BytesIO(checkpoint)) as archive:
    archive.extractall(folder.parent)
(folder.parent / "archive").rename(folder)
parts = [{k: v for k, v in state.items() if not k.startswith("fc")}, {k: v for k, v in state.items() if k.startswith("fc")}]
folder = case("f_shard", "model-00001-of-00002.safetensors", "one of two shards, beside the index").parent
for at, part in enumerate(parts):
    safetensors.torch.save_file(part, folder / f"model-0000{at + 1}-of-00002.safetensors")
(folder / "model.safetensors.index.json").write_text(json.dumps(
    {"metadata": {}, "weight_map": {k: f"model-0000{at + 1}-of-00002.safetensors" for at, part in enumerate(parts) for k in part}}))
safetensors.torch.save_file(parts[0], case("f_shard_alone", "model-00001-of-00002.safetensors", "one of two shards, alone"))
folder = case("f_shards_of_checkpoints", "pytorch_model.bin.index.json", "shards of pickles").parent
for at, part in enumerate(parts):
    torch.save(part, folder / f"pytorch_model-0000{at + 1}-of-00002.bin")
(folder / "pytorch_model.bin.index.json").write_text(json.dumps(
    {"metadata": {}, "weight_map": {k: f"pytorch_model-0000{at + 1}-of-00002.bin" for at, part in enumerate(parts) for k in part}}))
torch.save(parts[0], case("f_shard_of_checkpoint", "pytorch_model-00001-of-00002.bin", "one of two shards of pickles"))
folder = case("f_hugging_face", "model", "a directory of save_pretrained")
folder.mkdir()
safetensors.torch.save_file(state, folder / "model.safetensors")
(folder / "config.json").write_text(json.dumps({"architectures": ["Net"], "model_type": "lstm", "transformers_version": "5.0"}))
shutil.copy(folder / "config.json", case("f_hugging_face_config", "config.json", "the config of a model"))
np.savez(case("f_npz", "model.npz", "np.savez"), **{k: v.numpy() for k, v in state.items()})
np.save(case("f_npy", "model.npy", "np.save"), state["fc.weight"].numpy())

case("f_pickle_tensors", "model.pkl", "pickle.dump of a state dict: its tensors are checkpoints of the old form").write_bytes(pickle.dumps(dict(state)))
case("f_pickle_module", "model.pkl", "pickle.dump of a module").write_bytes(pickle.dumps(nn.LSTM(2, 1)))
torch.save({"state_dict": state, "args": argparse.Namespace(lr=1)}, case("f_torch_legacy_objects", "old.pth", "before PyTorch 1.6, with objects"),
           _use_new_zipfile_serialization=False)
case("f_torch_prefixed", "model.pt", "a zip archive behind other bytes").write_bytes(b"HEADER\n" + checkpoint)
torch.jit.freeze(torch.jit.script(net.eval())).save(case("f_torchscript_frozen", "model.pt", "TorchScript with its weights in the program"))


def directory(name, model, why, files):
    folder = case(name, model, why)
    for file, content in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)


directory("f_accelerate", "model", "a directory of accelerate", {"pytorch_model.bin": b"x", "optimizer.bin": b"x", "random_states_0.pkl": b"x"})
directory("f_deepspeed", "run", "a directory of DeepSpeed", {"latest": b"global_step5", "zero_to_fp32.py": b"", "global_step5/x": b"x"})
directory("f_mlflow", "model", "a directory of MLflow", {"MLmodel": b"flavors:", "data/model.pth": b"x"})

# ONNX
torch.onnx.export(net, (tokens,), "model.onnx", opset_version=17, dynamo=False)
graph = onnx.load("model.onnx")
for name, file, how in ("textproto", "model.textproto", "textproto"), ("text", "model.onnxtxt", "onnxtxt"), ("json", "model.json", "json"):
    onnx.save(graph, case(f"f_onnx_{name}", file, f"an ONNX model as {how}"), format=how)
import onnxruntime
options = onnxruntime.SessionOptions()
options.optimized_model_filepath = str(case("f_ort", "model.ort", "ONNX Runtime's own format"))
options.add_session_config_entry("session.save_model_format", "ORT")
onnxruntime.InferenceSession("model.onnx", options)
pathlib.Path("model.onnx").unlink()

# Keras and TensorFlow
model = keras.Sequential([keras.layers.Input((3,), dtype="int32"), keras.layers.Embedding(V, E), keras.layers.LSTM(H), keras.layers.Dense(V)])
case("f_keras_json", "model.json", "model.to_json()").write_text(model.to_json())
model.save(case("f_keras_unpacked", "model", "model.save(zipped=False)"), zipped=False)
folder = case("f_saved_model", "saved", "model.export: a SavedModel")
model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
model.export(folder, verbose=False)
shutil.rmtree(folder / "variables")
for unused in [*folder.glob("fingerprint.pb"), *folder.glob("assets")]:
    shutil.rmtree(unused) if unused.is_dir() else unused.unlink()
shutil.copy(folder / "saved_model.pb", case("f_saved_model_pb", "saved_model.pb", "the graph of a SavedModel"))
frozen = tf.function(lambda x: model(x)).get_concrete_function(tf.TensorSpec((1, 3), tf.float32)).graph.as_graph_def()
small = tf.compat.v1.GraphDef()
small.node.extend(list(frozen.node)[:20])
case("f_graph_def", "frozen.pb", "a GraphDef").write_bytes(small.SerializeToString())
folder = case("f_tf_checkpoint", "ck", "a directory of tf.train.Checkpoint")
tf.train.Checkpoint(w=tf.Variable([1.0, 2.0])).save(str(folder / "ck"))
for name, file in ("index", "ck-1.index"), ("data", "ck-1.data-00000-of-00001"), ("state", "checkpoint"):
    path = case(f"f_tf_checkpoint_{name}", file, f"a file of a TensorFlow checkpoint: {file}")
    for part in folder.glob("*"):
        shutil.copy(part, path.parent)
converter = tf.lite.TFLiteConverter.from_concrete_functions(
    [tf.function(lambda x: x + 1).get_concrete_function(tf.TensorSpec((1,), tf.float32))])
case("f_tflite", "model.tflite", "TensorFlow Lite").write_bytes(converter.convert())

# Flax, web pages, texts
import flax.serialization
case("f_flax", "flax_model.msgpack", "flax.serialization.to_bytes").write_bytes(
    flax.serialization.to_bytes({"params": {k: v.numpy() for k, v in state.items()}}))
case("f_html", "model.pt", "a page instead of the file").write_text("\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n")
case("f_xml", "model.onnx", "the answer of an object store").write_text(
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>')
case("f_lfs", "model.safetensors", "Git LFS").write_text(
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n")
case("f_gguf", "model.gguf", "GGUF").write_bytes(b"GGUF\x03\0\0\0" + bytes(16))
case("f_text", "words.txt", "a text").write_text("the\nquick\nbrown\nfox\n")
case("f_binary", "model.bin", "bytes of no known kind").write_bytes(np.arange(1, 60, dtype=np.float32).tobytes())
case("f_yaml_directory", "run", "a directory without a model").mkdir()
(pathlib.Path("f_yaml_directory") / "run" / "notes.txt").write_text("none")
