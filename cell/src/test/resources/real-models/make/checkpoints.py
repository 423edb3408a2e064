"""Checkpoints as training scripts write them, by PyTorch. Run: python make/checkpoints.py (in the folder real-models)."""
import argparse
import collections
import dataclasses
import enum
import functools
import json
import pathlib
import random

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

mean, std = torch.full((E,), 0.5), torch.full((E,), 2.0)
write("c2_means_beside", {"model": state, "mean": mean, "std": std}, net, "refuse", why="means and deviations beside the state dict")
write("c2_means_named", {"model": state, "mean": mean, "std": std}, net, sets={"model.entry": "model"},
      why="means and deviations beside the state dict, which model.entry names")
write("c2_scaler_beside", {"model": state, "scaler": {"mean": mean, "scale": std}}, net, "refuse", why="a scaler of the inputs")
write("c2_gradient_scaler_beside", {"model": state, "scaler": torch.amp.GradScaler("cpu").state_dict(), "best_loss": torch.tensor(0.5)},
      net, why="a scaler of the gradients")
write("c2_embedding_beside", {"model": {k: v for k, v in state.items() if not k.startswith("embedding")},
                              "embedding_matrix": state["embedding.weight"]}, net, "refuse", why="the embedding beside the state dict")
write("c2_log_embedding_beside", {"model": state, "log_embedding": nn.Embedding(V, E).state_dict()}, net, "refuse",
      why="a module whose name begins with that of a training value")
write("c2_temperature_number", dict(state, temperature=1.5), net, "refuse", why="a temperature as a number of Python")
write("c2_means_of_numpy", dict(state, x_mean=mean.numpy()), net, "refuse", why="means as an array of NumPy in the state dict")
write("c2_optimized_model", {"optimized_model": state}, net, why="a name that begins like an optimizer's")
write("c2_opt", {"opt": state}, net, "refuse", why="the model under the name of an optimizer")
write("c2_opt_named", {"opt": state}, net, sets={"model.entry": "opt"}, why="the model under the name of an optimizer, named")
write("c2_three_levels", {"run": {"trainer": {"net": state}}}, net, "refuse", why="the state dict is on a third level")
write("c2_three_levels_named", {"run": {"trainer": {"net": state}}}, net, sets={"model.entry": "run.trainer.net"},
      why="the state dict is on a third level, named")
write("c2_folds", {"models": [state, other.state_dict()]}, net, "refuse", why="a list of models")
write("c2_fold_named", {"models": [state, other.state_dict()]}, other, sets={"model.entry": "models.1"}, why="one of a list of models")
write("c2_conjugated_beside", {"model": state, "spectrum": torch.ones(3, dtype=torch.complex64).conj()}, net,
      why="a conjugated tensor beside the weights")
write("c2_modules_and_epoch", {"embedding": net.embedding.state_dict(), "lstm": net.lstm.state_dict(), "epoch": 3}, net, "refuse",
      why="each module has its own entry, beside a number")


class Square(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(V, H)
        self.lstm = nn.LSTM(H, H, batch_first=True)
        self.fc = nn.Linear(H, V)


square = Square().state_dict()
square["fc.weight"] = torch.quantize_per_tensor(square["fc.weight"], 0.1, 0, torch.qint8)
write("c2_quantized_ignored", square, None, "refuse", {"model.ignore": ["fc.weight"]},
      why="a quantized weight that model.ignore names, as wide as the embedding")
