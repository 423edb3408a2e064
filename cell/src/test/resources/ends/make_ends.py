"""Writes the models of OutputEndsTest, with the outputs of their frameworks.

Needs torch, onnx, onnxscript, keras and tensorflow; run it in this directory.
"""
import json

import keras
import numpy as np
import onnx
import torch

TOKENS = [[1, 2, 3, 4, 5], [7, 11, 3]]
expected = {}


def keras_model(name, *top):
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((None,), dtype="int32"), keras.layers.Embedding(12, 4), keras.layers.LSTM(6), *top])
    model.save(name)
    expected[name] = [model.predict(np.array([row]), verbose=0)[0].tolist() for row in TOKENS]


keras_model("k_sigmoid.keras", keras.layers.Dense(3, activation="sigmoid", bias_initializer="normal"))
keras_model("k_activation.keras", keras.layers.Dense(1), keras.layers.Activation("sigmoid"))
keras_model("k_linear.h5", keras.layers.Dense(3))
keras_model("k_softmax.keras", keras.layers.Dense(3, activation="softmax"))


class Net(torch.nn.Module):
    def __init__(self, outputs, end):
        super().__init__()
        self.embedding = torch.nn.Embedding(12, 4)
        self.lstm = torch.nn.LSTM(4, 6, batch_first=True)
        self.fc = torch.nn.Linear(6, outputs)
        self.end = end

    def forward(self, tokens):
        states, _ = self.lstm(self.embedding(tokens))
        return self.end(self.fc(states[:, -1]))


def without_source(path):
    """Removes the lines of Python that an exporter notes beside each node, with the paths of the machine."""
    model = onnx.load(path)
    for node in model.graph.node:
        del node.metadata_props[:]
    onnx.save(model, path)


def onnx_model(name, outputs, end, dynamo):
    torch.manual_seed(7)
    net = Net(outputs, end).eval()
    example = torch.tensor([TOKENS[0]])
    steps = torch.export.Dim("steps", min=2, max=1000)
    if dynamo:
        torch.onnx.export(net, (example,), name, dynamo=True, dynamic_shapes=({1: steps},), external_data=False)
        without_source(name)
    else:
        torch.onnx.export(net, (example,), name, dynamo=False, dynamic_axes={"tokens": {1: "steps"}}, input_names=["tokens"])
    expected[name] = [net(torch.tensor([row]))[0].tolist() for row in TOKENS]


onnx_model("o_sigmoid.onnx", 3, torch.nn.Sigmoid(), False)
onnx_model("o_dy_sigmoid.onnx", 1, torch.nn.Sigmoid(), True)
onnx_model("o_linear.onnx", 3, torch.nn.Identity(), False)
onnx_model("o_softmax.onnx", 3, torch.nn.Softmax(-1), False)
onnx_model("o_log_softmax.onnx", 3, torch.nn.LogSoftmax(-1), False)

with open("expected.json", "w") as file:
    json.dump({"tokens": TOKENS, "outputs": expected}, file, indent=1)
