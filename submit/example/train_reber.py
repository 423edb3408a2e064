"""Trains this example's LSTM on the embedded Reber grammar (Hochreiter & Schmidhuber 1997, section 5.1).

Needs PyTorch; writes reber.safetensors to the current directory. The tensors have PyTorch's names, with V = 7 symbols
and H = 32 units:

    embedding.weight    (V, V)   the identity, that is, one-hot input
    lstm.weight_ih_l0   (4H, V)  gates i, f, g, o
    lstm.weight_hh_l0   (4H, H)
    lstm.bias_ih_l0     (4H)
    lstm.bias_hh_l0     (4H)
    decoder.weight      (V, H)
    decoder.bias        (V)

The file's metadata has the symbols in order, as the vocabulary.
"""
import json
import random
import struct

import torch

SYMBOLS = "BTPSXVE"

# state -> [(symbol, next state)]; state 0 is the start, None is the end
REBER = {
    0: [("B", 1)],
    1: [("T", 2), ("P", 3)],
    2: [("S", 2), ("X", 4)],
    3: [("T", 3), ("V", 5)],
    4: [("X", 3), ("S", 6)],
    5: [("P", 4), ("V", 6)],
    6: [("E", None)],
}


def reber(rng):
    state, symbols = 0, []
    while state is not None:
        symbol, state = rng.choice(REBER[state])
        symbols.append(symbol)
    return symbols


def embedded(rng):
    outer = rng.choice("TP")
    return "".join(["B", outer, *reber(rng), outer, "E"])


def save(path, tensors, metadata):
    """Writes safetensors: length of the header, header as JSON, values."""
    header, data, at = {"__metadata__": metadata}, b"", 0
    for name, tensor in tensors.items():
        numbers = tensor.detach().contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + len(numbers)]}
        data += numbers
        at += len(numbers)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def main():
    torch.set_num_threads(1)
    torch.manual_seed(7)
    rng = random.Random(7)
    hidden = 32

    embedding = torch.nn.Embedding.from_pretrained(torch.eye(7))
    lstm = torch.nn.LSTM(7, hidden)
    decoder = torch.nn.Linear(hidden, 7)
    parameters = list(lstm.parameters()) + list(decoder.parameters())
    optimizer = torch.optim.Adam(parameters, 5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 1500)

    def batch(count):
        """Returns symbols x (T, count) and the next symbols y (T, count); -1 after the end of a string."""
        strings = [[SYMBOLS.index(symbol) for symbol in embedded(rng)] for _ in range(count)]
        steps = max(map(len, strings))
        x = torch.zeros(steps, count, dtype=torch.long)
        y = torch.full((steps, count), -1)
        for j, string in enumerate(strings):
            x[: len(string), j] = torch.tensor(string)
            y[: len(string) - 1, j] = torch.tensor(string[1:])
        return x, y

    for step in range(1500):
        x, y = batch(128)
        logits = decoder(lstm(embedding(x))[0])  # (T, count, V)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=-1)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        if step % 250 == 0:
            print(step, loss.item(), flush=True)

    # Test on new strings: is the second-to-last symbol (the long-term dependency) the one that the grammar requires?
    x, y = batch(2000)
    p = torch.softmax(decoder(lstm(embedding(x))[0]), -1)
    right, least = 0, 1.0
    for j in range(2000):
        length = int((y[:, j] >= 0).sum()) + 1
        wanted = x[1, j]
        right += int(p[length - 3, j].argmax() == wanted)
        least = min(least, p[length - 3, j, wanted].item())
    print("long-term symbol correct: %d/2000, lowest probability of the correct symbol %.4f" % (right, least))

    tensors = {
        "embedding.weight": embedding.weight,
        **{"lstm." + name: tensor for name, tensor in lstm.state_dict().items()},
        **{"decoder." + name: tensor for name, tensor in decoder.state_dict().items()},
    }
    trained_on = "embedded Reber grammar, 1500 batches of 128, seed 7"
    save("reber.safetensors", tensors, {"vocabulary": SYMBOLS, "trained-on": trained_on})


if __name__ == "__main__":
    main()
