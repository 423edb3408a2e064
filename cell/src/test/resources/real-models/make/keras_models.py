"""Writes Keras models, one for each way to use an LSTM that is named below.

    KERAS_BACKEND=torch python keras_models.py FOLDER

Each case is a folder: model.keras, inputs.jsonl, expected.json (Keras' answers), case.json. Made with Keras 3.15.
"""

import json
import pathlib
import sys

import keras
import numpy as np
from keras import layers

FOLDER = pathlib.Path(sys.argv[1])
TOKENS, WIDTH, HIDDEN, CLASSES = 30, 8, 12, 5


def case(name, model, at, why, expect="accept", lengths=(1, 2, 5, 9), sets=None, emits="softmax", features=0):
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(3)
    for weight in model.weights:  # biases and others that start at 0 or 1
        if "seed" not in weight.path:
            weight.assign(random.normal(0, 0.3, weight.shape))
    rows = {f"s{at}": random.normal(0, 1, (length, features)).tolist() if features
            else random.integers(1, TOKENS, length).tolist() for at, length in enumerate(lengths)}
    answers = {row: np.asarray(keras.ops.convert_to_numpy(model(np.array([tokens]), training=False))[0]).tolist()
               for row, tokens in rows.items()}
    model.save(folder / "model.keras")
    (folder / "inputs.jsonl").write_text(
        "".join(json.dumps({"id": row, "tokens": tokens}) + "\n" for row, tokens in rows.items()))
    (folder / "expected.json").write_text(json.dumps(answers) + "\n")
    run = {"label": "", "at": at, "expect": expect, "why": why, "sets": sets or {}, "emits": emits,
           "inputs": "inputs.jsonl", "expected": "expected.json"}
    (folder / "case.json").write_text(json.dumps({"name": name, "model": "model.keras", "runs": [run]}, indent=1) + "\n")


def tagger(lstm, *more):
    return keras.Sequential([keras.Input((None,), dtype="int32"), layers.Embedding(TOKENS, WIDTH), lstm, *more,
                             layers.Dense(CLASSES, activation="softmax")])


def masked(mask_value, *read):
    features = x = keras.Input((None, 4))
    for layer in (layers.Masking(mask_value), *read, layers.Dense(CLASSES, activation="softmax")):
        x = layer(x)
    return keras.Model(features, x)


def functional(read, lstm, mask_zero=False, **arguments):
    tokens = keras.Input((None,), dtype="int32")
    hidden = lstm(layers.Embedding(TOKENS, WIDTH, mask_zero=mask_zero)(tokens), **{
        name: value(tokens) for name, value in arguments.items()})
    return keras.Model(tokens, layers.Dense(CLASSES, activation="softmax")(read(hidden)))


@keras.saving.register_keras_serializable("own")
def tanh(x):
    return keras.ops.tanh(x) * 0.5


@keras.saving.register_keras_serializable("own")
class LSTM(layers.LSTM):
    def call(self, sequences, initial_state=None, mask=None, training=False):
        return super().call(sequences * 2, initial_state, mask, training)


@keras.saving.register_keras_serializable("own")
class Dropout(layers.Layer):
    def call(self, x):
        return x * 0.5


def lstm(**settings):
    return layers.LSTM(HIDDEN, return_sequences=True, **settings)


def main():
    keras.utils.set_random_seed(20)
    case("k2_selu", tagger(lstm(activation="selu")), "each", "activation selu")
    case("k2_exponential_gates", tagger(lstm(recurrent_activation="exponential")), "each",
         "recurrent_activation exponential", lengths=(1, 2, 3))
    case("k2_exponential", tagger(lstm(activation="exponential")), "each", "activation exponential", lengths=(1, 2))
    case("k2_own_activation", tagger(lstm(activation=tanh)), "each", "a registered function named tanh",
         expect="refuse")
    case("k2_own_lstm", tagger(LSTM(HIDDEN, return_sequences=True)), "each", "a subclass of LSTM, named LSTM",
         expect="refuse")
    case("k2_own_bidirectional", tagger(layers.Bidirectional(LSTM(HIDDEN, return_sequences=True))), "each",
         "Bidirectional around a class of the user", expect="refuse")
    case("k2_own_dropout", tagger(lstm(), Dropout()), "each", "a class of the user named Dropout", expect="refuse")
    case("k2_dropout_seeds", tagger(lstm(dropout=0.2, recurrent_dropout=0.1), layers.Dropout(0.3)), "each",
         "seeds of random numbers among the weights")
    case("k2_last_bidirectional", functional(lambda h: h[:, -1], layers.Bidirectional(lstm())), "last",
         "h[:, -1] of both directions")
    case("k2_last_backwards", functional(lambda h: h[:, -1, :], lstm(go_backwards=True)), "last",
         "h[:, -1, :] of an LSTM with go_backwards")
    case("k2_masking_stacked", masked(0., lstm(), layers.Dropout(0.2), lstm()), "each",
         "Masking of features below two LSTMs", features=4)
    case("k2_masking_bidirectional", masked(-1., layers.Bidirectional(layers.LSTM(HIDDEN))), "last",
         "Masking of features below both directions", features=4)
    case("k2_first_step", functional(lambda h: h[:, 0, :], lstm()), "last", "h[:, 0, :]", expect="refuse")
    case("k2_state_c", functional(lambda h: h[2], lstm(return_state=True)), "last",
         "the cell state is classified", expect="refuse")
    case("k2_mask_other", functional(lambda h: h, lstm(), mask=lambda x: keras.ops.not_equal(x, 7)), "each",
         "mask: tokens other than 7, without mask_zero", expect="refuse")
    case("k2_mask_greater", functional(lambda h: h, lstm(), mask_zero=True, mask=lambda x: keras.ops.greater(x, 3)),
         "each", "mask: tokens above 3, over mask_zero", expect="refuse")


if __name__ == "__main__":
    main()
