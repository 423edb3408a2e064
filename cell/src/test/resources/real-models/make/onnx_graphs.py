"""Writes ONNX files: outputs without an output layer, axes of the input, casts, and lengths.

    python onnx_graphs.py FOLDER

Each case is a folder: model.onnx, inputs.jsonl, expected.json (PyTorch's answers), case.json.
Made with torch 2.13, onnx 1.23, onnxscript 0.7, onnxruntime 1.30.
"""

import json
import sys

import numpy as np
import onnx
import torch
from onnx import helper
from onnxruntime.quantization import quantize_dynamic
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from onnx_models import FOLDER, HIDDEN, TOKENS, WIDTH, Model, without_source

BATCH_STEPS = {0: "b", 1: "s"}


def case(name, model, at, why, expect="accept", emits="softmax", sets=None, pick=lambda answer: answer, outputs=("y",),
         rows=(1, 2, 5, 9), features=0, shape=lambda x: x[None], more=lambda x: (), axes=BATCH_STEPS, more_axes=None,
         dynamo=None, example=5, low=0, change=lambda path: None):
    """pick: the output that answers; shape: the model's input of a row; more: other inputs; axes: None if static."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(3)
    model.eval()
    data = {f"s{at}": random.normal(0, 2, (length, features)).tolist() if features
            else random.integers(low, TOKENS, length).tolist() for at, length in enumerate(rows)}
    answers = {}
    with torch.no_grad():
        for row, values in data.items():
            x = torch.tensor(values)
            answer = pick(model(shape(x), *more(x))).float()
            answer = torch.softmax(answer, -1) if emits == "softmax" else answer
            answer = answer.reshape(-1, answer.shape[-1]).tolist()
            answers[row] = answer if at == "each" else answer[0]
    x = torch.randn(example, features) if features else torch.randint(1, TOKENS, (example,))
    inputs = (shape(x), *more(x))
    path = str(folder / "model.onnx")
    names = ["x", "a", "b"][:len(inputs)]
    if dynamo:
        torch.onnx.export(model, inputs, path, dynamo=True, dynamic_shapes=(dynamo,), external_data=False,
                          input_names=names, verbose=False, opset_version=20)
        without_source(path)
    else:
        all_axes = {"x": axes, "a": more_axes, "b": more_axes}
        torch.onnx.export(model, inputs, path, dynamo=False, input_names=names, output_names=list(outputs),
                          opset_version=17, dynamic_axes={name: all_axes[name] for name in names if all_axes[name]})
    change(path)
    (folder / "inputs.jsonl").write_text(
        "".join(json.dumps({"id": row, "tokens": values}) + "\n" for row, values in data.items()))
    (folder / "expected.json").write_text(json.dumps(answers) + "\n")
    run = {"label": "", "at": at, "expect": expect, "why": why, "sets": sets or {}, "emits": emits,
           "inputs": "inputs.jsonl", "expected": "expected.json"}
    (folder / "case.json").write_text(json.dumps({"name": name, "model": "model.onnx", "runs": [run]}, indent=1) + "\n")


def both(h):
    return torch.cat((h[-2], h[-1]), 1)


class Features(Model):
    def __init__(self, forward):
        super().__init__(forward)
        self.embedding = None
        self.lstm = nn.LSTM(4, HIDDEN, batch_first=True)


class Steps(Model):
    """Reads one step; the states are inputs and outputs."""

    def forward(self, x, a, b):
        out, state = self.lstm(self.embedding(x).view(1, 1, -1), (a, b))
        return (self.fc(out.view(1, -1)), *state)


class Started(Model):
    def forward(self, x, a):
        return self.fc(self.lstm(self.embedding(x), (a, torch.zeros_like(a)))[0])


class Masked(Model):
    def forward(self, x, a):
        return packed(self, x, a.sum(1))


class TwoBiases(Model):
    def __init__(self):
        super().__init__(lambda m, x: m.fc(m.all(x)) + m.more)
        self.more = nn.Parameter(torch.randn(7))


class OneClass(Model):
    def __init__(self):
        super().__init__(lambda m, x: m.fc(m.all(x)).view(x.size(0), -1)[:, -1])
        self.fc = nn.Linear(HIDDEN, 1)


class Half(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = Model(lambda m, x: m.fc(m.all(x))).half()

    def forward(self, x):
        return self.model(x).float()


def packed(model, x, lengths):
    steps = pack_padded_sequence(model.embedding(x), lengths.cpu(), batch_first=True, enforce_sorted=False)
    return model.fc(pad_packed_sequence(model.lstm(steps)[0], batch_first=True)[0])


def affine(path):
    model = onnx.load(path)
    lstm = next(node for node in model.graph.node if node.op_type == "LSTM")
    lstm.attribute.append(helper.make_attribute("activations", ["Sigmoid", "Affine", "Affine"]))
    onnx.save(model, path)


def hidden_states():
    encoder = Model(lambda m, x: (lambda out, state: (out, *state))(*m.lstm(m.embedding(x))), 2, True)
    final = Model(lambda m, x: both(m.final(x)), 1, True)
    case("o3_hidden_final", final, "last", "no head: the final states of both directions", emits="hidden")
    case("o3_hidden_h_n", Model(lambda m, x: m.final(x), 2, True), "last", "no head: h_n of two layers", emits="hidden",
         pick=both)
    case("o3_hidden_last", Model(lambda m, x: m.all(x)[:, -1], 1, True), "last", "no head: out[:, -1]", emits="hidden")
    case("o3_hidden_first", Model(lambda m, x: m.all(x)[:, 0], 1, True), "last", "no head: out[:, 0]", "refuse",
         emits="hidden")
    case("o3_hidden_reversed", Model(lambda m, x: m.lstm(m.embedding(x).flip(1))[0][:, -1]), "last",
         "no head: reads x.flip(1)", emits="hidden")
    case("o3_hidden_cell", Model(lambda m, x: m.lstm(m.embedding(x))[1][1][-1]), "last", "no head: c_n alone", "warn",
         emits="hidden")
    case("o3_hidden_encoder", encoder, "each", "no head: out, h_n, c_n", emits="hidden", pick=lambda y: y[0],
         outputs=("out", "h", "c"), rows=(1, 2, 4))
    case("o3_hidden_encoder_h_n", encoder, "last", "no head: h_n by model.output", emits="hidden",
         pick=lambda y: both(y[1]), outputs=("out", "h", "c"), sets={"model.output": "h"})
    halves = Model(lambda m, x: (m.all(x)[..., :HIDDEN], m.all(x)), 1, True)
    case("o3_hidden_two", halves, "each", "no head: the forward half, and all", "refuse", emits="hidden",
         pick=lambda y: y[1], outputs=("half", "all"), rows=(1, 3))
    case("o3_hidden_two_named", halves, "each", "no head: the forward half by model.output", emits="hidden",
         pick=lambda y: y[0], outputs=("half", "all"), sets={"model.output": "half"}, rows=(1, 3))


def steps():
    forgotten = Model(lambda m, x: m.fc(m.all(x)), batch_first=False)
    case("o3_steps_named", forgotten, "each", "batch_first forgotten, axes with names", "refuse",
         axes={0: "batch", 1: "steps"})
    case("o3_steps_static", forgotten, "each", "batch_first forgotten, shape (1, 5)", "refuse", rows=(5, 5), axes=None)
    case("o3_steps_batch", forgotten, "each", "steps of any number, a batch of 5", "refuse", rows=(5, 5), axes={0: "x0"})
    case("o3_steps_unknown", forgotten, "each", "batch_first forgotten, axes without names", "warn", rows=(2, 5, 9),
         dynamo={0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO})
    case("o3_steps_first", forgotten, "each", "shape (steps, batch)", shape=lambda x: x[:, None],
         axes={0: "s", 1: "b"})
    rows = Features(lambda m, x: m.fc(m.lstm(x.unsqueeze(1))[0][:, -1]))
    case("o3_steps_none", rows, "each", "x.unsqueeze(1): each row is a sequence", "refuse", features=4,
         shape=lambda x: x, axes={0: "rows"})
    case("o3_steps_one", Features(lambda m, x: m.fc(m.lstm(x)[0][:, -1])), "each", "shape (b, 1, 4)", "refuse", features=4,
         shape=lambda x: x[:, None], axes={0: "b"})
    case("o3_steps_continued", Steps(None, batch_first=False), "last", "one step; the states are inputs and outputs",
         rows=(1, 1), shape=lambda x: x[:1], more=lambda x: (torch.zeros(1, 1, HIDDEN),) * 2, axes=None,
         example=1, pick=lambda y: y[0], outputs=("y", "h", "c"))


def numbers():
    case("o3_cast_features", Features(lambda m, x: m.fc(m.lstm(x.int().float())[0])), "each", "x.int().float()", "refuse",
         features=4)
    case("o3_cast_tokens", Model(lambda m, x: m.fc(m.all(x.long()))), "each", "tokens that are floats",
         shape=lambda x: x[None].float())
    case("o3_cast_logits", Model(lambda m, x: m.fc(m.all(x)).int()), "each", "logits.int()", "refuse")
    case("o3_half", Half(), "each", "model.half()", "warn")
    case("o3_affine", Model(lambda m, x: m.fc(m.all(x))), "each", "Affine without alpha", "refuse", change=affine)
    case("o3_quantized", Model(lambda m, x: m.fc(m.all(x))), "each", "quantize_dynamic", "refuse",
         change=lambda path: quantize_dynamic(path, path))


def others():
    directions = Model(lambda m, x: m.fc(m.all(x).view(x.size(0), x.size(1), 2, HIDDEN).sum(2)), 1, True)
    directions.fc = nn.Linear(HIDDEN, 7)
    case("o3_sum_of_directions", directions, "each", "out.view(b, s, 2, H).sum(2)")
    means = Model(lambda m, x: m.fc(m.all(x).view(x.size(0), x.size(1), 2, HIDDEN).mean(2)), 1, True)
    means.fc = nn.Linear(HIDDEN, 7)
    case("o3_mean_of_directions", means, "each", "out.view(b, s, 2, H).mean(2)")
    case("o3_two_biases", TwoBiases(), "each", "fc(out) + bias")
    case("o3_one_class", OneClass(), "last", "fc(out).view(b, -1)[:, -1]", emits="logits",
         pick=lambda y: y[:, None])
    case("o3_zeros_like", Started(None), "each", "c0 = zeros_like(h0), an input", rows=(2, 5),
         more=lambda x: (torch.zeros(1, 1, HIDDEN),), more_axes={1: "b"})
    case("o3_mask", Masked(None), "each", "lengths are the sum of a mask",
         more=lambda x: (torch.ones(1, len(x), dtype=torch.int64),), more_axes=BATCH_STEPS)
    case("o3_tokens_from_1", Model(lambda m, x: packed(m, x, (x >= 1).sum(1))), "each", "lengths are (x >= 1).sum(1)", low=1)
    case("o3_tokens_bool", Model(lambda m, x: packed(m, x, x.bool().sum(1))), "each", "lengths are x.bool().sum(1)", low=1)
    case("o3_tokens_total", Model(lambda m, x: packed(m, x, (x != 0).sum().view(1))), "each",
         "lengths are (x != 0).sum() of the batch", "refuse", low=1)
    case("o3_embedding_scaled", Model(lambda m, x: m.fc(m.lstm(m.embedding(x) * 3)[0])), "each", "embedding(x) * 3", "refuse")
    residual = Model(lambda m, x: (lambda out: m.fc(out + m.upper(out)[0]))(m.all(x)))
    residual.upper = nn.LSTM(HIDDEN, HIDDEN, batch_first=True)
    case("o3_residual", residual, "each", "out + upper(out)", "refuse")
    case("o3_reversed_both", Model(lambda m, x: m.fc(m.lstm(m.embedding(x).flip(1))[0].flip(1)), 1, True), "each",
         "both directions over x.flip(1)", "refuse")
    case("o3_two_ends", Model(lambda m, x: (lambda z: (z.softmax(-1), z.sigmoid()))(m.fc(m.all(x)))), "each",
         "a softmax and a sigmoid of one output layer", pick=lambda y: y[0].log(), outputs=("p", "q"))


if __name__ == "__main__":
    torch.manual_seed(21)
    for make in (hidden_states, steps, numbers, others):
        make()
