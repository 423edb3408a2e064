"""Makes the models of a small shop, their tables, and PyTorch's answers in float64 (shop.json). Run in this directory.

shop.pt: next item in a session. Token 0 is padding, tokens 1 to 12 are items, classes 0 to 11 are these items.
pooled.pt: a bidirectional LSTM without an output layer over the same tokens.
"""
import json
import random

import torch

ITEMS = ["<pad>", "tent", "mat", "bag", "stove", "gas", "lamp", "pan", "pot", "knife", "board", "spice", "oil"]
CHAINS = [["tent", "mat", "bag", "stove", "gas", "lamp"], ["pan", "oil", "spice", "board", "knife", "pot"]]
SESSIONS = [
    ("u1", ["tent", "mat", "bag"], ["lamp", "stove", "gas", "stove"], ["stove"]),
    ("u2", ["pan", "oil"], ["board", "knife"], None),
    ("u3", ["tent"], ["pan", "mat"], ["bag", "canoe"]),
    ("u4", ["tent", "mat", "bag", "stove", "gas"], [], []),
    ("u5", [], ["tent", "oil"], ["tent", "pan"]),
]
TEMPERATURE = 2.0


class Next(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(len(ITEMS), 6)
        self.lstm = torch.nn.LSTM(6, 16, batch_first=True)
        self.decoder = torch.nn.Linear(16, len(ITEMS) - 1)


def session(source):
    chain = list(source.choice(CHAINS))
    start = source.randrange(3)
    items = chain[start : start + 1] + [item for item in chain[start + 1 :] if source.random() > 0.15]
    return [ITEMS.index(item) for item in items + [source.choice(items)]]


torch.manual_seed(21)
source = random.Random(21)
model = Next()
optimizer = torch.optim.Adam(model.parameters(), 0.01)
for _ in range(600):
    batch = [session(source) for _ in range(16)]
    loss = 0
    for tokens in batch:
        states, _ = model.lstm(model.embedding(torch.tensor([tokens[:-1]])))
        loss = loss + torch.nn.functional.cross_entropy(model.decoder(states[0]), torch.tensor(tokens[1:]) - 1)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
torch.save(model.state_dict(), "shop.pt")

both = torch.nn.Module()
both.embedding = torch.nn.Embedding(len(ITEMS), 4)
both.lstm = torch.nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True)
torch.save(both.state_dict(), "pooled.pt")

model.double()
both.double()
answers = {}
with open("sessions.jsonl", "w") as table, torch.no_grad():
    for name, items, candidates, bought in SESSIONS:
        tokens = [ITEMS.index(item) for item in items]
        row = {"id": name, "items": items, "tokens": tokens, "candidates": candidates, "bought": bought}
        table.write(json.dumps(row) + "\n")
        hidden = torch.zeros(16, dtype=torch.double)
        states = {}
        if tokens:
            output, _ = model.lstm(model.embedding(torch.tensor([tokens])))
            hidden = output[0, -1]
            two, _ = both.lstm(both.embedding(torch.tensor([tokens])))
            states = {
                "mean": output.mean(dim=1)[0].tolist(),
                "max": output.max(dim=1).values[0].tolist(),
                "mean-both": two.mean(dim=1)[0].tolist(),
                "max-both": two.max(dim=1).values[0].tolist(),
            }
        logits = model.decoder(hidden)
        answers[name] = {
            "logits": logits.tolist(),
            "softmax": torch.softmax(logits, 0).tolist(),
            "softmax-2": torch.softmax(logits / TEMPERATURE, 0).tolist(),
            "sigmoid-2": torch.sigmoid(logits / TEMPERATURE).tolist(),
            **states,
        }
with open("items.txt", "w") as words:
    words.write("\n".join(ITEMS) + "\n")
with open("shop.json", "w") as file:
    json.dump(answers, file, indent=1)
