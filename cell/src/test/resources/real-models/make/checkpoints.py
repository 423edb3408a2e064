"""Checkpoints as training scripts write them, by PyTorch. Run: python make/checkpoints.py (in the folder real-models)."""
import argparse
import collections
import dataclasses
import enum
import functools
import inspect
import json
import pathlib
import random
import zipfile

import numpy as np
import torch
from torch import nn

torch.manual_seed(20)
V, E, H = 10, 4, 6


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.lstm = nn.LSTM(E, H, batch_first=True)
        self.fc = nn.Linear(H, V)

    def forward(self, tokens):
        return self.fc(self.lstm(self.embedding(tokens))[0])


@dataclasses.dataclass
class Config:
    layers: int = 1


class Mode(enum.Enum):
    TRAIN = 1


def tokenize(text):
    return text.split()


def trained():
    net = Net()
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.randint(V, (2, 5))).sum().backward()
    optimizer.step()
    return net, optimizer


def write(case, content, net, expect="accept", sets=None, why="", emits="softmax", **how):
    folder = pathlib.Path(case)
    folder.mkdir(exist_ok=True)
    if inspect.isfunction(content):
        content(folder / "model.pt")
    else:
        torch.save(content, folder / "model.pt", **how)
    run = {"label": "", "at": "each", "expect": expect, "why": why, "sets": sets or {}, "emits": emits, "inputs": None,
           "expected": None}
    if expect != "refuse":
        rows = [[random.Random(at).randrange(V) for _ in range(1 + at % 4)] for at in range(6)]
        (folder / "inputs.jsonl").write_text(
            "".join(json.dumps({"id": f"s{at}", "tokens": row}) + "\n" for at, row in enumerate(rows)))
        with torch.no_grad():
            answers = {f"s{at}": torch.softmax(net(torch.tensor([row]))[0], -1).tolist() for at, row in enumerate(rows)}
        (folder / "expected.json").write_text(json.dumps(answers))
        run |= {"inputs": "inputs.jsonl", "expected": "expected.json"}
    (folder / "case.json").write_text(json.dumps({"name": case, "model": "model.pt", "runs": [run]}, indent=1))


net, optimizer = trained()
state = net.state_dict()
write("c_numpy_arrays_beside", {"net": state, "best": np.float64(0.5), "losses": np.arange(5.0), "rng": np.random.get_state()},
      net, why="NumPy scalars, arrays and a random state beside the weights")
write("c_python_values_beside", {
    "model": state, "vocab": collections.Counter("aabbc"), "seen": {1, 2}, "frozen": frozenset("ab"), "args": argparse.Namespace(lr=1),
    "path": pathlib.PurePosixPath("/tmp/x"), "default": collections.defaultdict(list, a=[1]), "config": Config(), "mode": Mode.TRAIN,
    "tokenizer": tokenize, "partial": functools.partial(tokenize, "a b"), "bytes": b"\x00\xff", "large": 10**400,
    "complex": 1 + 2j, "slice": slice(1, 2), "range": range(3)}, net, why="values of Python beside the weights")
write("c_python_values_protocol_4", {
    "model": state, "seen": {1, 2}, "frozen": frozenset("ab"), "bytes": b"\x00\xff" * 200, "array": bytearray(b"abc"),
    "config": Config(), "vocab": collections.OrderedDict(a=1)}, net, why="the same by pickle protocol 4", pickle_protocol=4)
write("c_torch_values_beside", {
    "net": state, "dtype": torch.float16, "device": torch.device("cpu"), "size": torch.Size([1, 2]), "rng": torch.get_rng_state(),
    "generator": torch.Generator().get_state(), "half": torch.ones(3, dtype=torch.float8_e4m3fn), "int16": torch.ones(2, dtype=torch.uint16),
    "sparse": torch.eye(2).to_sparse(), "quantized": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
    "storage": torch.ones(2).untyped_storage()}, net, why="values of PyTorch beside the weights, tensors of other kinds among them")
write("c_loss_module_beside", {"state_dict": state, "criterion": nn.CrossEntropyLoss(weight=torch.ones(V)), "activation": nn.functional.relu},
      net, why="a loss module and a function beside the weights")
write("c_optimizer_and_scheduler", {
    "network": state, "optimizer": optimizer.state_dict(),
    "scheduler": torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1).state_dict(), "loss": torch.tensor(1.5),
    "scaler": {"scale": torch.tensor([2.0])}}, net, why="optimizer, scheduler and a tensor 'loss' beside entry 'network'")
write("c_two_levels", {"trainer": {"epoch": 3, "network": state, "optimizer": optimizer.state_dict()}, "loss": torch.ones(3)}, net,
      why="the state dict is an entry of an entry")
write("c_namespace_in_state_dict", dict(state, args=argparse.Namespace(lr=1)), net, why="an object among the tensors")
write("c_defaultdict_state_dict", collections.defaultdict(list, {k: v for k, v in state.items()}), net, why="the state dict is a defaultdict")
write("c_parameters_with_attributes", {"net": {k: nn.Parameter(v) for k, v in state.items()}}, net, why="parameters")
for parameter in net.parameters():
    parameter.no_weight_decay = True
    parameter.data.tag = "a tensor with an attribute"
write("c_tensors_with_attributes", {k: v for k, v in net.state_dict(keep_vars=True).items()}, net,
      why="parameters and tensors with attributes of Python")
write("c_tuple", (3, state), net, why="a tuple of epoch and state dict")
write("c_whole_module_beside", {"model": net, "state_dict": state}, net, why="a whole module, and its state dict")

other, _ = trained()
both = {"student": state, "teacher": other.state_dict()}
write("c_two_models", both, net, "refuse", why="two entries hold an LSTM")
write("c_two_models_named", both, other, sets={"model.entry": "teacher"}, why="model.entry names one of two")
write("c_two_models_misnamed", both, net, "refuse", {"model.entry": "coach"}, why="model.entry names no entry")
write("c_modules_in_entries", {"embedding": net.embedding.state_dict(), "lstm": net.lstm.state_dict(), "fc": net.fc.state_dict()}, net,
      "refuse", why="each module has its own entry")
write("c_numpy_state_dict", {k: v.numpy() for k, v in state.items()}, net, "refuse", why="a state dict of NumPy arrays")
write("c_quantized_output", dict(state, **{"fc.weight": torch.quantize_per_tensor(state["fc.weight"], 0.1, 0, torch.qint8)}), net, "refuse",
      why="a quantized weight must not be left out")
write("c_float8_output", dict(state, **{"fc.weight": state["fc.weight"].to(torch.float8_e4m3fn)}), net, "refuse",
      why="a weight of a type that is not known")
write("c_whole_module", net, net, "refuse", why="torch.save(model)")
write("c_whole_module_in_entry", {"epoch": 3, "model": net}, net, "refuse", why="a whole module as an entry")
write("c_optimizer_alone", {"epoch": 3, "optimizer": optimizer.state_dict()}, net, "refuse", why="the optimizer alone")
write("c_dynamic_quantized", torch.ao.quantization.quantize_dynamic(net, {nn.LSTM, nn.Linear}).state_dict(), net, "refuse",
      why="dynamically quantized LSTM")

# parts of the model beside its state dict
mean, std = torch.tensor([1.0, 2.0, -1.0]), torch.tensor([2.0, 0.5, 3.0])
write("c_mean_std_beside", {"model": state, "mean": mean, "std": std}, net, "refuse", why="inputs are standardized by tensors beside the model")
write("c_mean_std_numbers_beside", {"model": state, "x_mean": [0.5, 0.25], "x_std": 2.0}, net, "refuse", why="the same by numbers of Python")
write("c_normalizer_beside", {"model": state, "normalizer": {"mu": mean, "sigma": std}}, net, "refuse", why="inputs are standardized by a dict")
write("c_scaler_beside", {"model": state, "scaler": {"mean": mean, "std": std}}, net, "refuse", why="a scaler of inputs, not of gradients")
write("c_mean_std_arrays_inside", {**state, "x_mean": mean.numpy(), "x_std": std.numpy()}, net, "refuse", why="NumPy arrays among the tensors")
write("c_mean_std_arrays_ignored", {**state, "x_mean": mean.numpy(), "x_std": std.numpy()}, net, sets={"model.ignore": ["x_mean", "x_std"]},
      why="the same, ignored by the user")
write("c_temperature_beside", {"state_dict": state, "temperature": torch.tensor(2.0)}, net, "refuse", why="logits are divided by a tensor")
write("c_temperature_named", {"state_dict": state, "temperature": torch.tensor(2.0)}, net, sets={"model.entry": "state_dict"},
      why="the user has named the entry: the temperature is not used")
write("c_temperature_number_inside", {**state, "temperature": 3.0}, net, "refuse", why="logits are divided by a number of Python")


class Scaled(nn.Linear):
    def get_extra_state(self):
        return {"scale": torch.tensor(3.0)}

    def set_extra_state(self, state):
        pass


net.fc_scaled = Scaled(H, V)
write("c_extra_state", {k.replace("fc_scaled", "fc"): v for k, v in net.state_dict().items() if not k.startswith("fc.")}, net, "refuse",
      why="the extra state of a module scales its answers")
del net.fc_scaled
lstm = {k: v for k, v in state.items() if not k.startswith("embedding")}
write("c_embedding_beside", {"model": lstm, "embedding_matrix": state["embedding.weight"]}, net, "refuse", why="a tensor beside the state dict")
write("c_embedding_array_beside", {"model": lstm, "embedding_matrix": state["embedding.weight"].numpy()}, net, "refuse", why="the same by NumPy")
write("c_vectors_of_no_known_name", {"model": lstm, "glove": state["embedding.weight"]}, net, "refuse", why="a matrix as wide as the LSTM's input")
write("c_log_embedding_entry", {"model": lstm, "log_embedding": {"weight": state["embedding.weight"]}}, net, "refuse", why="no log: an embedding")
write("c_grade_head", {"lstm_model": {k: v for k, v in state.items() if not k.startswith("fc")}, "grade_head": net.fc.state_dict()}, net, "refuse",
      why="no gradient: a head")
write("c_head_object_beside", {"model": {k: v for k, v in state.items() if not k.startswith("fc")}, "head": net.fc}, net, "refuse",
      why="a layer as an object of Python")
write("c_bare_parts_beside", {"lstm": net.lstm.state_dict(), "E": state["embedding.weight"], "W": state["fc.weight"], "b": state["fc.bias"]}, net,
      "refuse", why="weights by the symbols of formulas")
write("c_crf_beside", {"model": state, "crf": {"transitions": torch.ones(V, V), "start": torch.ones(V)}}, net, "refuse", why="a CRF in an entry")


class StandardScaler:
    """Named as that of scikit-learn."""


write("c_scaler_object_beside", {"model": state, "scaler": StandardScaler()}, net, "refuse", why="a scaler as an object of Python")

# positions of the state dict
write("c_optimized_model", {"optimized_model": state}, net, why="a whole word decides: no optimizer")
write("c_model_opt_state", {"opt": {"lr": 1}, "model_opt_state": state}, net, "refuse", why="an entry named like an optimizer")
write("c_model_opt_state_named", {"opt": {"lr": 1}, "model_opt_state": state}, net, sets={"model.entry": "model_opt_state"}, why="the same, named")
write("c_three_levels", {"ckpt": {"trainer": {"net": state}}, "epoch": 3}, net, why="the state dict is on the third level")
write("c_three_levels_named", {"ckpt": {"trainer": {"net": state}}, "epoch": 3}, net, sets={"model.entry": "ckpt.trainer.net"}, why="the same, named")
write("c_folds", {"models": [state, other.state_dict()]}, net, "refuse", why="a list of models")
write("c_folds_named", {"models": [state, other.state_dict()]}, other, sets={"model.entry": "models.1"}, why="the same, named")
modules = {m: getattr(net, m).state_dict() for m in ("embedding", "lstm", "fc")}
write("c_modules_beside_epoch", {**modules, "epoch": 3, "optimizer": optimizer.state_dict()}, net, "refuse", why="the modules' entries, and others")
write("c_modules_in_one_entry", {"model": modules, "epoch": 3}, net, "refuse", why="the modules' entries are in an entry")
write("c_deepspeed", {"module": state, "param_shapes": [{k: v.shape for k, v in state.items()}], "ds_version": "0.12"}, net,
      why="shapes by the names of the tensors, as DeepSpeed writes them")
write("c_parameters_alone", list(net.parameters()), net, "refuse", why="the tensors have no names")
write("c_fsdp_flat", {"_flat_param": torch.ones(50), "lstm._fsdp_wrapped_module._flat_param": torch.ones(30)}, net, "refuse",
      why="flat parameters, named as FSDP names them")

# other tensors and archives
write("c_conjugated_beside", {"state_dict": state, "x": torch.ones(2, dtype=torch.complex64).conj(), "y": torch.ones(2, dtype=torch.complex64).conj().imag},
      net, why="conjugated and negated tensors beside the weights")
square = Net()
square.embedding, square.lstm = nn.Embedding(V, H), nn.LSTM(H, H, batch_first=True)
quantized = dict(square.state_dict(), **{"fc.weight": torch.quantize_per_tensor(square.fc.weight.detach(), 0.1, 0, torch.qint8)})
write("c_quantized_output_ignored", quantized, square, "refuse", {"model.ignore": ["fc.weight"]},
      why="E = H: without its weight the bias of the output layer must not make the embedding that layer")


def without_folder(path):
    torch.save(state, path)
    with zipfile.ZipFile(path) as archive:
        files = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


write("c_without_folder", without_folder, net, why="packed again without the folder")
