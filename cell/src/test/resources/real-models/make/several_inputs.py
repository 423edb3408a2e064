"""Writes models with several inputs a step: embeddings side by side, and numbers beside them. The cases of i_.

    python several_inputs.py FOLDER

Each case is a folder: the model, inputs.jsonl (id, and one column for each input), expected.json (the framework's own softmax) and
case.json. Made with torch 2.13, onnx 1.23, onnxscript 0.7, Keras 3.15 on TensorFlow.
"""

import json
import os
import pathlib
import sys
import warnings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import torch
from keras import layers
from onnx_models import without_source
from torch import nn

warnings.filterwarnings("ignore")
FOLDER = pathlib.Path(sys.argv[1])
ITEMS, CATEGORIES, CLASSES, HIDDEN = 20, 6, 20, 12
LENGTHS = (1, 2, 5, 9)
TORCH = ["item=item_embedding.weight", "category=category_embedding.weight", "amount=2"]
COLUMNS = ("item", "category", "amount")


def rows(low=0, columns=COLUMNS):
    random = np.random.default_rng(5)
    found = {}
    for at, length in enumerate(LENGTHS):
        row = {"item": random.integers(low, ITEMS, length).tolist(),
               "category": random.integers(low, CATEGORIES, length).tolist(),
               "amount": random.normal(size=(length, 2)).astype(np.float32).tolist(),
               "price": random.normal(size=length).astype(np.float32).tolist()}
        found[f"s{at}"] = {column: row[column] for column in columns}
    return found


def write(name, file, group, why, answers=None, inputs=None, at="each", expect="accept", sets=None):
    folder = FOLDER / name
    run = {"label": "", "at": at, "expect": expect, "why": why, "sets": sets or {}, "emits": "softmax"}
    if answers:
        (folder / "inputs.jsonl").write_text(
            "".join(json.dumps({"id": row, **columns}) + "\n" for row, columns in inputs.items()))
        (folder / "expected.json").write_text(json.dumps(answers) + "\n")
        run |= {"inputs": "inputs.jsonl", "expected": "expected.json"}
    run["group"] = group
    (folder / "case.json").write_text(json.dumps({"name": name, "model": file, "runs": [run]}, indent=1) + "\n")


def folder(name):
    (FOLDER / name).mkdir(parents=True, exist_ok=True)
    return FOLDER / name


class Clicks(nn.Module):
    """Two embeddings and two numbers; the numbers are last, or in the middle."""

    def __init__(self, stacked=1, both=False, middle=False, numbers=2):
        super().__init__()
        self.middle = middle
        self.item_embedding = nn.Embedding(ITEMS, 8)
        self.category_embedding = nn.Embedding(CATEGORIES, 3)
        self.lstm = nn.LSTM(8 + 3 + numbers, HIDDEN, stacked, batch_first=True, bidirectional=both)
        self.fc = nn.Linear(HIDDEN * (2 if both else 1), CLASSES)

    def forward(self, item, category, *numbers):
        parts = [self.item_embedding(item), *numbers, self.category_embedding(category)]
        if not self.middle:
            parts = [parts[0], parts[-1], *numbers]
        return self.fc(self.lstm(torch.cat(parts, dim=-1))[0])


class OneHotClicks(Clicks):
    """The category is one-hot."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8 + CATEGORIES + 2, HIDDEN, batch_first=True)

    def forward(self, item, category, *numbers):
        categories = nn.functional.one_hot(category, CATEGORIES).float()
        return self.fc(self.lstm(torch.cat([self.item_embedding(item), categories, *numbers], dim=-1))[0])


def tensors(columns):
    return [torch.tensor([values]) if isinstance(values[0], int) else torch.tensor([values]).view(1, len(values), -1)
            for values in columns.values()]


def answers_of(model, inputs):
    with torch.no_grad():
        return {row: torch.softmax(model(*tensors(columns)), -1)[0].tolist() for row, columns in inputs.items()}


def state_dict(name, model, why, sets, expect="accept", columns=COLUMNS):
    inputs = rows(columns=columns)
    answers = answers_of(model, inputs)
    torch.save(model.state_dict(), folder(name) / "model.pt")
    write(name, "model.pt", "PyTorch: several inputs a step", why, answers, inputs, expect=expect, sets=sets)


def graph(name, model, why, dynamo, expect="accept", columns=COLUMNS, sets=None):
    inputs = rows(columns=columns)
    names = list(columns)
    example = tuple(value.repeat(2, 1) if value.dim() == 2 else value.repeat(2, 1, 1)
                    for value in tensors(inputs["s2"]))
    path = str(folder(name) / "model.onnx")
    model.eval()
    if dynamo:
        batch, steps = torch.export.Dim("batch"), torch.export.Dim("steps")
        shapes = [{0: batch, 1: steps} for _ in example]
        if len(example) > 2:
            shapes = [*shapes[:2], tuple(shapes[2:])] # *numbers is one argument
        torch.onnx.export(model, example, path, dynamo=True, external_data=False, input_names=names, verbose=False,
                          dynamic_shapes=tuple(shapes), opset_version=18)
        without_source(path)
    else:
        torch.onnx.export(model, example, path, dynamo=False, input_names=names, output_names=["logits"],
                          dynamic_axes={column: {0: "batch", 1: "steps"} for column in names}, opset_version=17)
    renamed = inputs
    if sets: # COLUMN=INPUT
        column_of = dict(reversed(entry.split("=")) for entry in sets["model.inputs"])
        renamed = {row: {column_of.get(name, name): values for name, values in columns.items()}
                   for row, columns in inputs.items()}
    write(name, "model.onnx", "ONNX: several inputs a step", why, answers_of(model, inputs), renamed, expect=expect,
          sets=sets)


def network(mask=False, mask_category=False, both=False, stacked=1, between=None, order=COLUMNS, last=False, price=False, explicit=False):
    item = keras.Input((None,), dtype="int32", name="item")
    category = keras.Input((None,), dtype="int32", name="category")
    amount = keras.Input((None, 2), name="amount")
    parts = {"item": layers.Embedding(ITEMS, 8, mask_zero=mask, name="items")(item),
             "category": layers.Embedding(CATEGORIES, 3, mask_zero=mask_category, name="categories")(category),
             "amount": amount}
    if between:
        parts["amount"] = between(amount)
    x = layers.Concatenate(name="together")([parts[name] for name in order])
    inputs = [item, category, amount][:len(order)]
    if price:
        inputs.append(keras.Input((None,), name="price"))
        x = layers.Concatenate(name="all")([layers.Reshape((-1, 1), name="column")(inputs[-1]), x])
    for at in range(stacked):
        sequences = not last or at < stacked - 1
        lstm = layers.LSTM(HIDDEN, return_sequences=sequences, name=f"lstm{at}")
        more = {"mask": keras.ops.not_equal(item, 0)} if explicit else {}
        x = layers.Bidirectional(lstm, name=f"both{at}")(x) if both else lstm(x, **more)
    output = layers.Dense(CLASSES, activation="softmax", name="next")(x)
    return keras.Model(inputs, output)


def keras_file(name, model, why, low=0, expect="accept", at="each", file="model.keras"):
    inputs = rows(low, [tensor.name for tensor in model.inputs])
    answers = {}
    for row, columns in inputs.items():
        given = [np.array([values], "int32" if isinstance(values[0], int) else "float32") for values in columns.values()]
        answers[row] = np.asarray(model(given))[0].tolist()
    model.save(folder(name) / file)
    write(name, file, "Keras: several inputs a step", why, answers, inputs, expect=expect, at=at)


def main():
    torch.manual_seed(7)
    state_dict("i_torch", Clicks(), "two embeddings and two numbers", {"model.inputs": TORCH})
    state_dict("i_torch_stacked", Clicks(stacked=2), "two layers; the numbers have the rest of the width",
               {"model.inputs": [*TORCH[:2], "amount"]})
    state_dict("i_torch_both", Clicks(both=True), "two directions", {"model.inputs": TORCH})
    state_dict("i_torch_middle", Clicks(middle=True), "the numbers are between the embeddings",
               {"model.inputs": [TORCH[0], "amount", TORCH[1]]})
    state_dict("i_torch_two_columns", Clicks(numbers=3), "two columns of numbers",
               {"model.inputs": [*TORCH, "price"]}, columns=(*COLUMNS, "price"))
    state_dict("i_torch_unnamed", Clicks(), "no model.inputs", {}, expect="refuse")
    state_dict("i_torch_one_missing", Clicks(), "model.inputs without the numbers", {"model.inputs": TORCH[:2]},
               expect="refuse")
    state_dict("i_torch_no_tensor", Clicks(), "model.inputs names no tensor",
               {"model.inputs": ["item=items.weight", *TORCH[1:]]}, expect="refuse")
    state_dict("i_torch_embedding_too", Clicks(), "model.inputs and model.embedding",
               {"model.inputs": TORCH, "model.embedding": "item_embedding.weight"}, expect="refuse")
    for dynamo in (False, True):
        end = "dynamo" if dynamo else "script"
        graph(f"i_onnx_{end}", Clicks(), "two embeddings and two numbers", dynamo)
        graph(f"i_onnx_{end}_both", Clicks(stacked=2, both=True), "two layers of two directions", dynamo)
        graph(f"i_onnx_{end}_middle", Clicks(middle=True), "the numbers are between the embeddings", dynamo)
    graph("i_onnx_one_hot", OneHotClicks(), "an embedding, one-hot tokens and two numbers", False)
    graph("i_onnx_one_hot_dynamo", OneHotClicks(), "an embedding, one-hot tokens and two numbers", True)
    graph("i_onnx_embeddings", Clicks(numbers=0), "two embeddings, no numbers", True, columns=COLUMNS[:2])
    graph("i_onnx_renamed", Clicks(), "columns with other names", False,
          sets={"model.inputs": ["product=item", "kind=category"]})
    graph("i_onnx_misnamed", Clicks(), "model.inputs names no input", False, expect="refuse",
          sets={"model.inputs": ["product=article"]})
    keras.utils.set_random_seed(3)
    keras_file("i_keras", network(), "two embeddings and two numbers")
    keras_file("i_keras_h5", network(), "the same in HDF5", file="model.h5")
    keras_file("i_keras_stacked", network(stacked=2, order=("amount", "item", "category")),
               "two layers; Concatenate in another order than the inputs")
    keras_file("i_keras_both", network(both=True, last=True), "two directions, the last step", at="last")
    keras_file("i_keras_mask", network(mask=True), "mask_zero of one embedding, which skips no step beside numbers")
    keras_file("i_keras_masks", network(mask=True, mask_category=True), "the same of both embeddings")
    keras_file("i_keras_masks_alone", network(mask=True, mask_category=True, order=COLUMNS[:2]),
               "mask_zero of all inputs: steps are skipped where both are 0", expect="refuse")
    keras_file("i_keras_mask_named", network(mask=True, explicit=True), "the LSTM is given the mask of one embedding",
               expect="refuse")
    keras_file("i_keras_one_number", network(price=True), "a number of a step by Reshape, and a nested Concatenate")
    keras_file("i_keras_dense_below", network(between=layers.Dense(2, name="scaled")),
               "the numbers pass a Dense", expect="refuse")
    keras_file("i_keras_masking_numbers", network(between=layers.Masking(-1.0, name="masked")),
               "Masking of the numbers alone", expect="refuse")


if __name__ == "__main__":
    main()
