"""Trains two small DeepLog models and writes them, sessions that they have not seen, and PyTorch's answers.

    python make.py DIRECTORY      with hdfs_train and hdfs_test_abnormal of logdeep (data/hdfs)

As in public implementations of DeepLog: windows of 10 keys predict the next key, keys are ids - 1, the output layer has 28 classes, and a
session that is shorter than 11 keys is padded with -1 to 11.
"""

import json
import sys

import torch
from torch import nn

WINDOW, KEYS, HELD_OUT = 10, 28, 155


class DeepLog(nn.Module):
    """Reads a key as one number, or as a row of an embedding."""

    def __init__(self, embedded, hidden, layers):
        super().__init__()
        self.embedding = nn.Embedding(KEYS + 1, 8) if embedded else None
        self.lstm = nn.LSTM(8 if embedded else 1, hidden, layers, batch_first=True)
        self.fc = nn.Linear(hidden, KEYS)
        self.smallest = 0 if embedded else -1  # an embedding has no row for -1; the label of such a window flags it anyway

    def forward(self, keys):
        inputs = self.embedding(keys) if self.embedding is not None else keys.float().unsqueeze(-1)
        out, _ = self.lstm(inputs)
        return self.fc(out[:, -1, :])


def sessions(name):
    with open(sys.argv[1] + "/" + name) as lines:
        return [[int(key) - 1 for key in line.split()] for line in lines if line.strip()]


def train(model, normal, epochs):
    pairs = [(s[i : i + WINDOW], s[i + WINDOW]) for s in normal for i in range(len(s) - WINDOW)]
    inputs, labels = torch.tensor([p[0] for p in pairs]), torch.tensor([p[1] for p in pairs])
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    for epoch in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(pairs)).split(1024):
            loss = nn.functional.cross_entropy(model(inputs[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        print(epoch, total / len(pairs), flush=True)


def logits(model, windows):
    """Of windows of any lengths, one at a time."""
    return [model(torch.tensor([window]))[0] for window in windows]


def rank(row, label):
    return None if label >= KEYS else 1 + int((row > row[label]).sum())


def flagged(model, session):
    """The loop of LogKeyModel_predict.py of wuyifan18/DeepLog: whether top-g flags the session, for g = 1..20."""
    line = session + [-1] * (WINDOW + 1 - len(session))
    windows = [line[i : i + WINDOW] for i in range(len(line) - WINDOW)]
    orders = [torch.argsort(row) for row in logits(model, [[max(key, model.smallest) for key in window] for window in windows])]
    return [any(line[i + WINDOW] not in order[-g:] for i, order in enumerate(orders)) for g in range(1, 21)]


def full(model, session):
    """Ranks from windows of exactly 10 keys."""
    windows = [session[i : i + WINDOW] for i in range(len(session) - WINDOW)]
    return [rank(row, label) for row, label in zip(logits(model, windows), session[WINDOW:])]


def each(model, session, pad=None):
    """Ranks of all keys after the first; partial windows are shorter, or padded before."""
    windows = [session[max(0, t - WINDOW) : t] for t in range(1, len(session))]
    if pad is not None:
        windows = [[pad] * (WINDOW - len(window)) + window for window in windows]
    return [rank(row, label) for row, label in zip(logits(model, windows), session[1:])]


def post(window, pad):
    return window + [pad] * (WINDOW - len(window))


def main():
    torch.manual_seed(21)
    torch.set_num_threads(1)
    normal, abnormal = sessions("hdfs_train"), sessions("hdfs_test_abnormal")
    seen, held = normal[:-HELD_OUT], normal[-HELD_OUT:]
    slice_ = [(s, False) for s in held[:150]] + [(s, True) for s in abnormal[:: len(abnormal) // 150][:150]]
    with open("sessions.jsonl", "w") as out:
        for at, (session, label) in enumerate(slice_):
            out.write(json.dumps({"id": at, "abnormal": label, "tokens": session}) + "\n")
    expected = {}
    for name, model in {"numbers": DeepLog(False, 32, 2), "embedding": DeepLog(True, 24, 1)}.items():
        train(model, seen, 40 if name == "numbers" else 12)
        model.eval()
        torch.save(model.state_dict(), name + ".pt")
        with torch.no_grad():
            answers = {"full": [full(model, s) for s, _ in slice_], "each": [each(model, s) for s, _ in slice_]}
            if name == "numbers":
                answers["last-logits-post"] = [logits(model, [post(s[-WINDOW:], -1)])[0].tolist() for s, _ in slice_]
                answers["short-ranks-post"] = [
                    rank(logits(model, [post(s[:-1], -1)])[0], s[-1]) if 2 <= len(s) <= WINDOW else None
                    for s, _ in slice_
                ]
            else:
                answers["each-pre"] = [each(model, s, 0) for s, _ in slice_]
            found = [(flagged(model, s), is_abnormal) for s, is_abnormal in slice_]
            answers["flagged"] = [
                [sum(by[g] for by, is_abnormal in found if is_abnormal == wanted) for wanted in (True, False)]
                for g in range(20)
            ]
        expected[name] = answers
        print(name, [tuple(pair) for pair in answers["flagged"]])
    with open("expected.json", "w") as out:
        json.dump(expected, out, separators=(",", ":"))


main()
