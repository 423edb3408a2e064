"""Writes ONNX files with PyTorch's two exporters, one for each way to use an LSTM that is named below.

    python onnx_models.py FOLDER        all of o2_
    python onnx_graphs.py FOLDER        all of o3_, with this module

Each case is a folder: model.onnx, inputs.jsonl, expected.json (PyTorch's answers), case.json.
Made with torch 2.13, onnx 1.23, onnxscript 0.7.
"""

import json
import pathlib
import sys
import warnings

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

warnings.filterwarnings("ignore")
FOLDER = pathlib.Path(sys.argv[1])
TOKENS, WIDTH, HIDDEN, CLASSES = 30, 8, 12, 7


class Model(nn.Module):
    """An embedding, an LSTM and a linear layer; forward is given."""

    def __init__(self, forward, layers=1, both=False, batch_first=True):
        super().__init__()
        self.run = forward
        self.embedding = nn.Embedding(TOKENS, WIDTH)
        self.lstm = nn.LSTM(WIDTH, HIDDEN, layers, batch_first=batch_first, bidirectional=both)
        self.fc = nn.Linear(HIDDEN * (2 if both else 1), CLASSES)

    def forward(self, x, lengths=None):
        return self.run(self, x) if lengths is None else self.run(self, x, lengths)

    def all(self, x):
        return self.lstm(self.embedding(x))[0]

    def final(self, x):
        return self.lstm(self.embedding(x))[1][0]


def without_source(path):
    """Removes the lines of Python that an exporter notes beside each node, with the paths of the machine."""
    model = onnx.load(path)
    for nodes in [model.graph.node, *(function.node for function in model.functions)]:
        for node in nodes:
            del node.metadata_props[:]
    onnx.save(model, path)


def case(name, model, at, why, expect="accept", dynamo=False, batched=True, lengths=(1, 2, 5, 9), padded=False,
         low=0, dynamic=None, training=False, example=5, opset=17):
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(3)
    rows = {f"s{at}": random.integers(low, TOKENS, length).tolist() for at, length in enumerate(lengths)}
    model.eval()
    answers = {}
    with torch.no_grad():
        for row, tokens in rows.items():
            x = torch.tensor([tokens] if batched else tokens)
            more = (torch.tensor([len(tokens)]),) if padded else ()
            answer = torch.softmax(model(x, *more), -1).reshape(-1, CLASSES).tolist()
            answers[row] = answer if at == "each" else answer[0]
    x = torch.randint(1, TOKENS, (2, example) if batched else (example,))
    inputs = (x, torch.tensor([5, 3])) if padded else (x,)
    names = ["x", "lengths"][:len(inputs)]
    path = str(folder / "model.onnx")
    if training:
        model.train()
    options = {"training": torch.onnx.TrainingMode.TRAINING, "do_constant_folding": False} if training else {}
    if dynamo:
        torch.onnx.export(model, inputs, path, dynamo=True, dynamic_shapes=dynamic, external_data=False,
                          input_names=names, verbose=False, opset_version=opset)
        without_source(path)
    else:
        axes = {"x": {0: "b", 1: "s"} if batched else {0: "s"}, "lengths": {0: "b"}}
        torch.onnx.export(model, inputs, path, dynamo=False, dynamic_axes={name: axes[name] for name in names},
                          input_names=names, output_names=["logits"], opset_version=opset, **options)
    (folder / "inputs.jsonl").write_text(
        "".join(json.dumps({"id": row, "tokens": tokens}) + "\n" for row, tokens in rows.items()))
    (folder / "expected.json").write_text(json.dumps(answers) + "\n")
    run = {"label": "", "at": at, "expect": expect, "why": why, "sets": {}, "emits": "softmax",
           "inputs": "inputs.jsonl", "expected": "expected.json"}
    (folder / "case.json").write_text(json.dumps({"name": name, "model": "model.onnx", "runs": [run]}, indent=1) + "\n")
    return folder / "model.onnx"


def layers_of(h, x):
    return h.view(2, 2, x.size(0), HIDDEN)


def packed(model, x, lengths, is_sorted=False):
    packed = pack_padded_sequence(model.embedding(x), lengths, batch_first=True, enforce_sorted=is_sorted)
    return model.fc(pad_packed_sequence(model.lstm(packed)[0], batch_first=True)[0])


def tutorial(model, x):
    out, _ = model.lstm(model.embedding(x).view(len(x), 1, -1))
    return model.fc(out.view(len(x), -1))


def repeated(model, x):
    out, _ = model.lstm(model.embedding(x)[:, :1].repeat(1, 4, 1))
    return model.fc(out[:, -1])


def main():
    torch.manual_seed(20)
    case("o2_last_by_size", Model(lambda m, x: m.fc(m.all(x)[:, x.size(1) - 1])), "last",
         "out[:, x.size(1) - 1]: the index is computed")
    case("o2_last_slice_by_size", Model(lambda m, x: m.fc(m.all(x)[:, x.size(1) - 1:x.size(1)]).squeeze(1)), "last",
         "out[:, T - 1:T].squeeze(1): computed bounds, and an If")
    case("o2_first_batch_steps", Model(lambda m, x: m.fc(m.all(x)[:, :x.size(0)])), "each",
         "out[:, :batch]: a bound that is the size of another axis", expect="refuse")
    case("o2_hn_view_directions", Model(
        lambda m, x: m.fc(torch.cat(layers_of(m.final(x), x)[-1].unbind(0), -1)), 2, True), "last",
         "h.view(layers, 2, B, H)[-1], its directions joined")
    case("o2_hn_view_bottom", Model(
        lambda m, x: m.fc(layers_of(m.final(x), x)[0].transpose(0, 1).reshape(x.size(0), -1)), 2, True), "last",
         "h.view(layers, 2, B, H)[0]: the states of the lower layer")
    case("o2_hn_view_backward", Model(
        lambda m, x: nn.functional.linear(layers_of(m.final(x), x)[:, 1][-1], m.fc.weight[:, :HIDDEN], m.fc.bias), 2,
        True), "last", "h.view(layers, 2, B, H)[:, 1][-1]: the backward direction alone")
    case("o2_swapped", Model(lambda m, x: m.fc(torch.cat((m.final(x)[-1], m.final(x)[-2]), 1)), 1, True), "last",
         "cat(h[-1], h[-2]): directions swapped", expect="any")
    case("o2_packed_sorted", Model(lambda m, x, n: packed(m, x, n.cpu(), True)), "each", "pack_padded_sequence, sorted",
         padded=True)
    case("o2_packed_clamped", Model(lambda m, x, n: packed(m, x, n.clamp(min=1))), "each", "lengths.clamp(min=1)",
         padded=True)
    case("o2_packed_shorter", Model(lambda m, x, n: packed(m, x, n - 1)), "each",
         "lengths - 1: the last token is left out", padded=True, expect="refuse", lengths=(2, 5, 9))
    case("o2_packed_count", Model(lambda m, x: packed(m, x, (x != 0).sum(1))), "each",
         "lengths are counted: tokens that are not 0", low=1)
    case("o2_repeated_step", Model(repeated), "last", "the first step four times", expect="refuse", lengths=(2, 5))
    case("o2_reversed_each", Model(lambda m, x: m.fc(m.all(x).flip(1))), "each", "steps in reverse", expect="refuse",
         lengths=(2, 5))
    case("o2_view_len_1_ts", Model(tutorial, batch_first=False), "each", "embeds.view(len(x), 1, -1)", batched=False,
         lengths=(2, 5, 9))
    case("o2_view_len_1_dy", Model(tutorial, batch_first=False), "each", "embeds.view(len(x), 1, -1)", batched=False,
         lengths=(2, 5, 9), dynamo=True, dynamic=({0: torch.export.Dim("s", min=2, max=99)}, None)[:1])
    case("o2_training", Model(lambda m, x: m.fc(nn.functional.dropout(m.all(x), 0.4, m.training))), "each",
         "exported in training mode, with dropout", training=True)
    for opset in (23, 24):
        case(f"o2_opset{opset}", Model(lambda m, x: m.fc(m.all(x)[:, -1])), "last", f"opset {opset}", dynamo=True,
             dynamic=({0: torch.export.Dim("b")},), lengths=(5, 5, 5), opset=opset)
    # A file whose zero initial states have the wrong width: no runtime runs it.
    path = case("o2_zero_state_width", Model(lambda m, x: m.fc(m.all(x))), "each", "zero states of another width",
                expect="refuse")
    model = onnx.load(path)
    for node in model.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and onnx.numpy_helper.to_array(attribute.t).tolist() == [HIDDEN]:
                attribute.t.CopyFrom(onnx.numpy_helper.from_array(np.array([HIDDEN + 1])))
    onnx.save(model, path)


if __name__ == "__main__":
    main()
