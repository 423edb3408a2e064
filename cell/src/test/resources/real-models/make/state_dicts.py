"""Writes the cases s_* of real-models: state dicts of PyTorch with parts beside an embedding, an LSTM and an output layer.

    python state_dicts.py FOLDER     needs torch, safetensors and numpy
"""
import json
import os
import sys
import warnings

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_model
from torch.nn.utils import parametrizations, prune

warnings.filterwarnings("ignore")
TARGET = sys.argv[1]
V, E, H, C = 30, 8, 12, 4


def tokens(rng, count=6, vocabulary=V):
    return [rng.integers(0, vocabulary, rng.integers(1, 12)).tolist() for _ in range(count)]


def features(rng, width, count=6):
    return [rng.normal(size=(rng.integers(1, 9), width)).round(3).tolist() for _ in range(count)]


def case(
    name,
    model,
    why,
    at="each",
    expect="accept",
    runs=None,
    save=torch.save,
    suffix="pt",
    vocabulary=V,
    width=None,
    emits="softmax",
    state=None,
    metadata=None,
):
    """model(ids) returns the logits of each step, (steps, classes). width is that of features, instead of tokens."""
    folder = os.path.join(TARGET, name)
    os.makedirs(folder, exist_ok=True)
    model.eval()
    file = "model." + suffix
    if suffix == "safetensors":
        save_model(model, os.path.join(folder, file), metadata)
    else:
        save(model.state_dict() if state is None else state, os.path.join(folder, file))
    if any(result != "refuse" for _, result, _ in runs or [("", expect, {})]):
        rng = np.random.default_rng(len(name) * 1000 + sum(map(ord, name)))
        rows, expected = [], {}
        with torch.no_grad():
            for index, row in enumerate(features(rng, width) if width else tokens(rng, vocabulary=vocabulary)):
                answer = model(torch.tensor([row]))[0].float()
                answer = (F.softmax(answer, -1) if emits == "softmax" else answer).tolist()
                rows.append(json.dumps({"id": f"s{index}", "tokens": row}))
                expected[f"s{index}"] = answer if at == "each" else answer[-1]
        write(folder, "inputs.jsonl", "\n".join(rows) + "\n")
        write(folder, "expected.json", json.dumps(expected))
    about = {
        "name": name,
        "model": file,
        "runs": [
            {
                "label": label,
                "at": at,
                "expect": result,
                "why": why,
                "sets": sets,
                "emits": emits,
                "inputs": "inputs.jsonl",
                "expected": "expected.json",
            }
            for label, result, sets in (runs or [("", expect, {})])
        ],
    }
    write(folder, "case.json", json.dumps(about, indent=1))


def write(folder, name, text):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)


def shake(module):
    """Weights as after training: no parameter is as it was initialized, and no two are alike."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return module


class Plain(nn.Module):
    def __init__(self, embedding=E, hidden=H, classes=V, **options):
        super().__init__()
        self.embedding = nn.Embedding(V, embedding)
        self.lstm = nn.LSTM(embedding, hidden, batch_first=True, **options)
        width = options.get("proj_size", 0) or hidden
        self.fc = nn.Linear(width * (2 if options.get("bidirectional") else 1), classes)

    def forward(self, x):
        return self.fc(self.lstm(self.embedding(x))[0])


# ---- computed weights


def weight_norm_old(dim):
    model = Plain()
    nn.utils.weight_norm(model.fc, dim=dim)
    nn.utils.weight_norm(model.embedding)
    return shake(model)


def weight_norm_new():
    model = Plain()
    parametrizations.weight_norm(model.fc)
    parametrizations.weight_norm(model.embedding, dim=1)
    return shake(model)


class WeightNormedCell(nn.Module):
    """An LSTMCell reads its weights by name, so that a parametrization is seen."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.cell = nn.LSTMCell(E, H)
        parametrizations.weight_norm(self.cell, "weight_hh")
        prune.l1_unstructured(self.cell, "weight_ih", 0.4)
        self.fc = nn.Linear(H, V)

    def forward(self, x):
        state, steps = None, []
        for step in self.embedding(x).transpose(0, 1):
            state = self.cell(step, state)
            steps.append(state[0])
        return self.fc(torch.stack(steps, 1))


def normed_lstm():
    model = Plain(num_layers=2)
    parametrizations.weight_norm(model.lstm, "weight_hh_l0")
    nn.utils.weight_norm(model.lstm, "weight_ih_l0")
    prune.random_unstructured(model.lstm, "weight_hh_l1", 0.3)
    return shake(model)


def pruned():
    model = Plain()
    prune.random_unstructured(model.fc, "weight", 0.5)
    prune.random_unstructured(model.fc, "bias", 0.3)
    prune.ln_structured(model.embedding, "weight", 0.2, n=2, dim=0)
    return shake(model)


class WeightDrop(nn.Module):
    """As salesforce/awd-lstm-lm: the raw weight is a parameter of the wrapped module."""

    def __init__(self, module, weights, dropout):
        super().__init__()
        self.module, self.weights, self.dropout = module, weights, dropout
        for name in weights:
            weight = getattr(module, name)
            del module._parameters[name]
            module.register_parameter(name + "_raw", nn.Parameter(weight.data))

    def forward(self, *arguments):
        for name in self.weights:
            raw = getattr(self.module, name + "_raw")
            weight = F.dropout(raw, p=self.dropout, training=self.training)
            self.module._flat_weights[self.module._flat_weights_names.index(name)] = weight
        return self.module(*arguments)


class FastaiDropout(nn.Module):
    """As fastai 1: the raw weight is one level above, and the file also has the weight of the last training step."""

    def __init__(self, module, dropout):
        super().__init__()
        self.module, self.dropout = module, dropout
        self.weight_hh_l0_raw = nn.Parameter(module.weight_hh_l0.data.clone())

    def forward(self, *arguments):
        weight = F.dropout(self.weight_hh_l0_raw, p=self.dropout, training=self.training)
        self.module._parameters["weight_hh_l0"] = nn.Parameter(weight.detach())
        self.module._flat_weights[1] = weight
        return self.module(*arguments)


class Awd(nn.Module):
    def __init__(self, wrap):
        super().__init__()
        self.encoder = nn.Embedding(V, E)
        widths = [E, 14, 14, E]
        self.rnns = nn.ModuleList(wrap(nn.LSTM(widths[k], widths[k + 1], batch_first=True)) for k in range(3))
        self.decoder = nn.Linear(E, V)
        self.decoder.weight = self.encoder.weight

    def forward(self, x):
        x = self.encoder(x)
        for rnn in self.rnns:
            x = rnn(x)[0]
        return self.decoder(x)


def trained(model):
    model.train()
    model(torch.randint(0, V, (3, 9)))
    return model


# ---- stacks


class Two(nn.Module):
    def __init__(self, embedding=E):
        super().__init__()
        self.embedding = nn.Embedding(V, embedding)
        self.lstm1 = nn.LSTM(embedding, H, batch_first=True)
        self.lstm2 = nn.LSTM(H, H, batch_first=True)
        self.fc = nn.Linear(H, V)

    def forward(self, x):
        return self.fc(self.lstm2(self.lstm1(self.embedding(x))[0])[0])


class Parallel(Two):
    def forward(self, x):
        x = self.embedding(x)
        return self.fc(self.lstm1(x)[0] + self.lstm2(x)[0])


class Cells(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.cells = nn.ModuleList([nn.LSTMCell(E, H), nn.LSTMCell(H, 10)])
        self.fc = nn.Linear(10, V)

    def forward(self, x):
        states, steps = [None, None], []
        for step in self.embedding(x).transpose(0, 1):
            for k, cell in enumerate(self.cells):
                states[k] = cell(step, states[k])
                step = states[k][0]
            steps.append(step)
        return self.fc(torch.stack(steps, 1))


class StackedBiRnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.rnns = nn.ModuleList(
            nn.LSTM(E if k == 0 else 2 * H, H, batch_first=True, bidirectional=True) for k in range(3)
        )
        self.fc = nn.Linear(2 * H, V)

    def forward(self, x):
        x = self.embedding(x)
        for rnn in self.rnns:
            x = rnn(x)[0]
        return self.fc(x)


class ForwardBackward(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.lstm_bw = nn.LSTM(E, 9, batch_first=True)
        self.lstm_fw = nn.LSTM(E, H, batch_first=True)
        self.fc = nn.Linear(H + 9, V)

    def forward(self, x):
        x = self.embedding(x)
        return self.fc(torch.cat([self.lstm_fw(x)[0], self.lstm_bw(x.flip(1))[0].flip(1)], -1))


class Listed(Plain):
    """All layers are in a list too, so that each tensor has two names."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([self.embedding, self.lstm, self.fc])


# ---- initial states


class Learned(Plain):
    def __init__(self, names, shape, cell_shape=None, **options):
        super().__init__(**options)
        self.names = names
        for name, size in zip(names, [shape, cell_shape or shape]):
            self.register_parameter(name, nn.Parameter(torch.randn(*size)))

    def forward(self, x):
        states = [getattr(self, name) for name in self.names]
        if len(states) == 1:
            states.append(torch.zeros_like(states[0]))
        count = self.lstm.num_layers * (2 if self.lstm.bidirectional else 1)
        states = [state.reshape(count, 1, -1).contiguous() for state in states]
        return self.fc(self.lstm(self.embedding(x), tuple(states))[0])


# ---- other parts


class Head(Plain):
    """A part after the LSTM, before or beside the output layer."""

    def __init__(self, part, use):
        super().__init__()
        self.use = use
        for name, module in part.items():
            if isinstance(module, nn.Parameter):
                self.register_parameter(name, module)
            else:
                setattr(self, name, module)

    def forward(self, x):
        return self.use(self, self.lstm(self.embedding(x))[0])


class Adaptive(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.lstm = nn.LSTM(E, H, batch_first=True)
        self.criterion = nn.AdaptiveLogSoftmaxWithLoss(H, V, [10, 20], div_value=2.0)

    def forward(self, x):
        states = self.lstm(self.embedding(x))[0]
        return self.criterion.log_prob(states[0])[None]


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Embedding(V, H)
        self.rnn = nn.LSTM(H, H, batch_first=True)
        self.decoder = nn.Linear(H, V)
        self.decoder.weight = self.encoder.weight

    def forward(self, x):
        return self.decoder(self.rnn(self.encoder(x))[0])


class TiedNormed(Tied):
    """The decoder began with the values of the embedding, and normalizes them."""

    def __init__(self):
        super().__init__()
        nn.utils.weight_norm(self.decoder)


class Teacher(nn.Module):
    def __init__(self):
        super().__init__()
        self.student, self.teacher = Plain(), Plain()

    def forward(self, x):
        return self.student(x)


class Counted(Plain):
    def __init__(self):
        super().__init__()
        self.register_buffer("steps", torch.tensor(17))
        self.register_buffer("class_weights", torch.rand(V))
        self.loss_fn = nn.CrossEntropyLoss(weight=torch.rand(V))


class FinalStates(Plain):
    def forward(self, x):
        hidden = self.lstm(self.embedding(x))[1][0]
        return self.fc(torch.cat([hidden[-2], hidden[-1]], -1))[None]


def main():
    torch.manual_seed(20)
    case("s_weight_norm_rows", weight_norm_old(0), "weight_norm of the output layer and the embedding, a norm a row")
    case("s_weight_norm_columns", weight_norm_old(1), "weight_norm with a norm for each column")
    case("s_weight_norm_whole", weight_norm_old(None), "weight_norm with one norm")
    case("s_weight_norm_parametrized", weight_norm_new(), "parametrizations.weight_norm")
    case("s_weight_norm_cell", shake(WeightNormedCell()), "a normalized and a pruned weight of an LSTMCell")
    case("s_weight_norm_lstm", normed_lstm(), "normalized and pruned weights of an nn.LSTM")
    case("s_weight_norm_tied", shake(TiedNormed()), "a normalized decoder beside the embedding: they are not tied")
    case("s_pruned", pruned(), "torch.nn.utils.prune of weights and a bias")
    case("s_spectral_norm_old", trained(spectral()), "weight_orig, weight_u, weight_v", expect="refuse")
    case("s_orthogonal", orthogonal(), "an orthogonal parametrization", expect="refuse")
    case(
        "s_awd_lstm",
        trained(Awd(lambda rnn: WeightDrop(rnn, ["weight_hh_l0"], 0.5))),
        "rnns.N.module.weight_hh_l0_raw, and no weight_hh_l0",
    )
    case("s_fastai_trained", trained(Awd(lambda rnn: FastaiDropout(rnn, 0.5))), "saved after a step of training")

    case("s_lstm1_lstm2", shake(Two()), "lstm1 and lstm2 whose widths fit in one way")
    both = {"model.lstm": ["lstm1.", "lstm2."]}
    case(
        "s_lstm1_lstm2_equal",
        shake(Two(H)),
        "lstm1 and lstm2 of equal widths: they could be side by side",
        runs=[("", "refuse", {}), ("both", "accept", both), ("half", "refuse", {"model.lstm": ["lstm1."]})],
    )
    case("s_parallel_equal", shake(Parallel(H)), "lstm1 and lstm2 side by side, their outputs added", expect="refuse")
    case("s_cells", shake(Cells()), "a ModuleList of LSTMCells")
    case("s_stacked_birnn", shake(StackedBiRnn()), "a ModuleList of bidirectional LSTMs")
    case(
        "s_forward_backward",
        shake(ForwardBackward()),
        "two modules that read in two directions",
        runs=[("", "refuse", {}), ("named", "accept", {"model.lstm": ["lstm_fw. | lstm_bw."]})],
    )
    case("s_listed_twice", shake(Listed()), "all layers are in a list, too")

    case("s_h0_c0", Learned(["h0", "c0"], (1, 1, H)), "learned h0 and c0")
    case(
        "s_h0_c0_birnn2",
        Learned(["init_h", "init_c"], (4, 1, H), num_layers=2, bidirectional=True),
        "learned states of two bidirectional layers",
    )
    case(
        "s_flair_states",
        Learned(["lstm_init_h", "lstm_init_c"], (2, H), bidirectional=True),
        "flair's lstm_init_h and lstm_init_c of (layers * directions, H)",
    )
    case(
        "s_h0_c0_projected",
        Learned(["h_0", "c_0"], (1, 1, 5), (1, 1, H), proj_size=5),
        "learned states of an LSTM with a projection",
    )
    case("s_h0_alone", Learned(["h0"], (1, 1, H)), "a learned h0 without c0", expect="refuse")
    case("s_h0_vector", Learned(["h0", "c0"], (H,)), "learned states as vectors", expect="refuse")

    dense = {"fc1": nn.Linear(H, H), "fc": nn.Linear(H, V)}
    case("s_two_dense", Head(dense, lambda m, h: m.fc(torch.relu(m.fc1(h)))), "two dense layers", expect="refuse")
    highway = {"gate": nn.Linear(H, H), "carry": nn.Linear(H, H)}
    case(
        "s_highway_above",
        Head(highway, lambda m, h: m.fc(torch.sigmoid(m.gate(h)) * torch.relu(m.carry(h)) + h)),
        "a highway layer",
        expect="refuse",
    )
    case("s_layer_norm", Head({"ln": nn.LayerNorm(H)}, lambda m, h: m.fc(m.ln(h))), "a LayerNorm", expect="refuse")
    scale = {"logit_scale": nn.Parameter(torch.tensor(2.5))}
    case("s_logit_scale", Head(scale, lambda m, h: m.fc(h) * m.logit_scale), "a scalar scale", expect="refuse")
    bias = {"out_bias": nn.Parameter(torch.randn(V))}
    case("s_second_bias", Head(bias, lambda m, h: m.fc(h) + m.out_bias), "a bare bias after fc", expect="refuse")
    crf = {"transitions": nn.Parameter(torch.randn(V, V))}
    case("s_crf", Head(crf, lambda m, h: m.fc(h)), "the transitions of a CRF", expect="refuse")
    case("s_adaptive_softmax", Adaptive(), "AdaptiveLogSoftmaxWithLoss as criterion", expect="refuse")
    two_heads = {"aux_head": nn.Linear(H, 3)}
    case(
        "s_two_heads",
        Head(two_heads, lambda m, h: m.fc(h)),
        "a head of another task",
        runs=[
            ("", "refuse", {}),
            ("one", "refuse", {"model.output": "fc.weight"}),
            ("ignored", "accept", {"model.output": "fc.weight", "model.ignore": ["aux_head."]}),
            ("wrong", "refuse", {"model.output": "fc.weight", "model.ignore": ["aux_head.", "fc.bias"]}),
        ],
    )
    case(
        "s_teacher",
        Teacher(),
        "a student and its teacher",
        runs=[("", "refuse", {}), ("ignored", "accept", {"model.ignore": ["teacher."]})],
    )

    case("s_tied", Tied(), "a tied decoder", suffix="safetensors")
    case("s_harmless", Counted(), "a counter, class weights, and the weight of a loss")
    case("s_classify_h_n", FinalStates(classes=C, bidirectional=True), "h_n of both directions", "last", "warn")
    words = {"format": "pt", "head": "fc.weight", "input": "embedding.weight", "arch": "LSTM"}
    case("s_metadata_words", Plain(), "metadata that names tensors", suffix="safetensors", metadata=words)


def spectral():
    model = Plain()
    nn.utils.spectral_norm(model.fc)
    return model


def orthogonal():
    model = Plain()
    parametrizations.orthogonal(model.fc)
    return model


if __name__ == "__main__":
    main()
