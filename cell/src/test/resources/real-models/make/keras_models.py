"""Writes Keras models, one for each way to use an LSTM that is named below.

    KERAS_BACKEND=torch python keras_models.py FOLDER

Each case is a folder: the model, inputs.jsonl, expected.json (Keras' answers), case.json. Made with Keras 3.15.
"""

import json
import pathlib
import sys

import h5py
import keras
import numpy as np
from keras import layers

FOLDER = pathlib.Path(sys.argv[1])
TOKENS, WIDTH, HIDDEN, SMALL, CLASSES = 30, 8, 12, 4, 5


def rows_of(lengths, features):
    random = np.random.default_rng(3)
    return {f"s{at}": random.normal(0, 1, (length, features)).tolist() if features
            else random.integers(1, TOKENS, length).tolist() for at, length in enumerate(lengths)}


def fill(model):
    """Random weights, also for biases and others that start at 0 or 1."""
    random = np.random.default_rng(3)
    for weight in model.weights:
        if "seed" not in weight.path:
            weight.assign(random.normal(0, 0.3, weight.shape))


def answers_of(model, rows):
    return {row: np.asarray(keras.ops.convert_to_numpy(model(np.array([tokens]), training=False))[0]).tolist()
            for row, tokens in rows.items()}


def case(name, model, at, why, group, expect="accept", lengths=(1, 2, 5, 9), sets=None, emits="softmax", features=0,
         file="model.keras", save=lambda model, path: model.save(path), reference=None, more_runs=()):
    """
    save writes the model to a path; reference is the part of the model whose answers are expected, None if it has none.
    """
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    fill(model)
    save(model, folder / file)
    run = {"label": "", "at": at, "expect": expect, "why": why, "sets": sets or {}, "emits": emits,
           "inputs": "inputs.jsonl", "expected": "expected.json", "group": "Keras: " + group}
    if expect != "refuse" or more_runs:
        rows = rows_of(lengths, features)
        (folder / "inputs.jsonl").write_text(
            "".join(json.dumps({"id": row, "tokens": tokens}) + "\n" for row, tokens in rows.items()))
        (folder / "expected.json").write_text(json.dumps(answers_of(reference or model, rows)) + "\n")
    runs = [run, *({**run, **other} for other in more_runs)]
    (folder / "case.json").write_text(json.dumps({"name": name, "model": file, "runs": runs}, indent=1) + "\n")


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


class Tagger(keras.Model):
    """A model whose layers are attributes."""

    def __init__(self):
        super().__init__()
        self.embedding = layers.Embedding(TOKENS, WIDTH)
        self.lstm = layers.LSTM(HIDDEN)
        self.head = layers.Dense(CLASSES, activation="softmax")

    def call(self, tokens, training=False):
        return self.head(self.lstm(self.embedding(tokens)))


class OwnTraining(keras.Model):
    """A functional model with another training step."""

    def train_step(self, data):
        return super().train_step(data)


def head(**settings):
    return layers.Dense(CLASSES, activation="softmax", **settings)


def sequential(*more):
    return keras.Sequential([keras.Input((None,), dtype="int32"), layers.Embedding(TOKENS, WIDTH), *more])


def with_config(model, path, version=None):
    """Weights alone, with the description of the layers beside them."""
    model.save_weights(path)
    (path.parent / "config.json").write_text(model.to_json())
    if version:
        (path.parent / "metadata.json").write_text(json.dumps({"keras_version": version}))


def cudnn_weights(model, path):
    """The weights of CuDNNLSTM layers as Keras 2.1 wrote them, with save_weights."""
    def blocks(kernel):
        units = kernel.shape[1] // 4
        return np.concatenate([kernel[:, gate * units:(gate + 1) * units].T.reshape(len(kernel), units)
                               for gate in range(4)], 1)

    embedding, kernel, recurrent, bias, dense, dense_bias = model.get_weights()
    groups = {"embedding_1": {"embeddings": embedding},
              "cu_dnnlstm_1": {"kernel": blocks(kernel), "recurrent_kernel": blocks(recurrent),
                               "bias": np.concatenate([bias * 0.4, bias * 0.6])},
              "dense_1": {"kernel": dense, "bias": dense_bias}}
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in groups]
        file.attrs["keras_version"] = b"2.1.5"
        file.attrs["backend"] = b"tensorflow"
        for name, arrays in groups.items():
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"{name}/{array}:0".encode() for array in arrays]
            for array, values in arrays.items():
                group.create_dataset(f"{name}/{array}:0", data=values)


def small():
    return layers.LSTM(SMALL, return_sequences=True)


def frozen_forward():
    model = sequential(layers.Bidirectional(layers.LSTM(SMALL)), head())
    model.layers[1].forward_layer.trainable = False
    return model


def states(*outputs, **settings):
    """A model of which an output layer reads these outputs of an LSTM, or joins of them, and the joined outputs."""
    tokens = keras.Input((None,), dtype="int32")
    hidden = layers.Embedding(TOKENS, WIDTH)(tokens)
    layer = layers.LSTM(SMALL, return_state=True, **settings)
    found = (layers.Bidirectional(layer) if len(outputs) > 1 else layer)(hidden)
    read = [found[at] for at in outputs]
    joined = layers.Concatenate()(read) if len(read) > 1 else read[0]
    return keras.Model(tokens, head()(joined)), keras.Model(tokens, joined)


def encoder():
    tokens = keras.Input((None,), dtype="int32")
    found = layers.LSTM(SMALL, return_state=True)(layers.Embedding(TOKENS, WIDTH)(tokens))
    return keras.Model(tokens, found), keras.Model(tokens, found[0])


def model_below():
    """A model as a layer, whose layers have the names of those above it."""
    below = keras.Sequential([keras.Input((None, WIDTH)), layers.LSTM(SMALL, return_sequences=True, name="lstm"),
                              layers.LSTM(SMALL, return_sequences=True, name="lstm_1")], name="below")
    tokens = keras.Input((None,), dtype="int32")
    hidden = layers.LSTM(SMALL, name="lstm")(below(layers.Embedding(TOKENS, WIDTH)(tokens)))
    return keras.Model(tokens, head()(hidden))


def core_and_head():
    tokens = keras.Input((None,), dtype="int32")
    core = keras.Model(tokens, layers.LSTM(SMALL, return_sequences=True)(layers.Embedding(TOKENS, WIDTH)(tokens)),
                       name="core")
    again = keras.Input((None,), dtype="int32")
    return keras.Model(again, head()(core(again)))


def own_training():
    model = functional(lambda h: h, small())
    return OwnTraining(model.inputs, model.outputs)


def with_lora():
    model = sequential(layers.LSTM(SMALL), head())
    model.layers[-1].enable_lora(2)
    return model


def mixed_float16():
    keras.config.set_dtype_policy("mixed_float16")
    model = sequential(layers.LSTM(SMALL), head(dtype="float32"))
    keras.config.set_dtype_policy("float32")
    return model


def more_cases():
    """Settings, forms of the weights, and models of models."""
    softmax = "a softmax over other axes"
    case("k3_softmax_time", sequential(small(), layers.Dense(CLASSES), layers.Softmax(axis=[1])), "each",
         "Softmax(axis=[1]), the steps", softmax, expect="refuse")
    case("k3_softmax_axes", sequential(small(), layers.Dense(CLASSES), layers.Softmax(axis=[1, 2])), "each",
         "Softmax(axis=[1, 2])", softmax, expect="refuse")
    case("k3_softmax_last", sequential(small(), layers.Dense(CLASSES), layers.Softmax(axis=2)), "each",
         "Softmax(axis=2), the classes", "Sequential and functional models")
    differ = "directions that differ"
    case("k3_frozen_direction", frozen_forward(), "last", "a frozen forward direction: HDF5 lists it last", differ,
         file="model.h5")
    case("k3_bias_in_one_direction", sequential(layers.Bidirectional(
        layers.LSTM(SMALL), backward_layer=layers.LSTM(SMALL, use_bias=False, go_backwards=True)), head()), "last",
        "only the forward direction has a bias", differ, file="model.h5")
    weights = "weights without layers"
    case("k3_cudnn_forward", sequential(layers.LSTM(SMALL), head()), "last", "CuDNNLSTM weights without a config",
         weights, file="model.h5", save=cudnn_weights, sets={"model.output": "dense_1"})
    case("k3_cudnn_backwards", sequential(layers.LSTM(SMALL, go_backwards=True), head()), "last",
         "CuDNNLSTM weights without a config, of a layer with go_backwards", weights, expect="warn", file="model.h5",
         save=cudnn_weights, sets={"model.output": "dense_1"})
    hard = dict(recurrent_activation="hard_sigmoid")
    case("k3_hard_sigmoid_weights", sequential(layers.LSTM(SMALL, **hard), head()), "last",
         "the form of the weights tells the version", weights, file="model.weights.h5", save=with_config)
    case("k3_hard_sigmoid_version", sequential(layers.LSTM(SMALL, **hard), head()), "last",
         "weights of Keras 3 with the version of another", weights, expect="refuse", file="model.weights.h5",
         save=lambda model, path: with_config(model, path, "2.3.1"))
    case("k3_shards", sequential(layers.LSTM(SMALL), head()), "last", "the index of weights in several files", weights,
         expect="refuse", file="model.weights.json",
         save=lambda model, path: model.save_weights(path, max_shard_size=1e-6))
    own = "a class or function of the user"
    tagger_model = Tagger()
    tagger_model(np.array([[1, 2]]))
    case("k3_subclass_weights", tagger_model, "last", "weights of a model whose layers are attributes", own,
         expect="refuse", file="model.weights.h5", save=lambda model, path: model.save_weights(path))
    case("k3_subclass", tagger_model, "last", "a model whose layers are attributes", own, expect="refuse")
    case("k3_own_training", own_training(), "each", "a functional model of a class of the user", own, expect="refuse")
    case("k3_float16", mixed_float16(), "last", "mixed_float16", "computed in float16", expect="warn")
    group = "states as outputs"
    case("k3_hidden_state", states(1, return_sequences=True)[0], "last", "a Dense on the hidden state", group)
    case("k3_joined_states", states(1, 3, return_sequences=True)[0], "last", "the hidden states of both directions", group)
    joined, read = states(1, 3, return_sequences=True)
    case("k3_joined_states_none", joined, "last", "model.output = none takes the output of the LSTM, not its states",
         "hidden states", expect="warn", sets={"model.output": "none"}, emits="hidden", reference=read)
    model, hidden = encoder()
    case("k3_encoder", model, "last", "outputs h, h and c", group, expect="refuse", emits="hidden", reference=hidden,
         more_runs=[{"label": "none", "expect": "accept", "sets": {"model.output": "none"}}])
    inside = "a model inside the model"
    case("k3_model_below", model_below(), "last", "a Sequential as a layer, with layers of the same names", inside)
    case("k3_model_below_h5", model_below(), "last", "the same in HDF5", inside, file="model.h5")
    case("k3_core_and_head", core_and_head(), "each", "a functional model as a layer, weights with config.json", inside,
         file="model.weights.h5", save=with_config)
    case("k3_softmax_above_model", keras.Sequential([sequential(small(), layers.Dense(CLASSES)), layers.Softmax()]),
         "each", "Sequential([model, Softmax()]) in HDF5", inside, file="model.h5")
    forms = "Sequential and functional models"
    case("k3_lstm_cell", sequential(layers.RNN(layers.LSTMCell(SMALL), return_sequences=True),
                                    layers.Bidirectional(layers.RNN(layers.LSTMCell(SMALL))), head()), "last",
         "RNN(LSTMCell)", forms)
    case("k3_same_shape", sequential(layers.LSTM(SMALL), layers.Identity(), layers.Flatten(), layers.Reshape((SMALL,)),
                                     head()), "last", "Identity, Flatten and Reshape without effect", forms)
    case("k3_each_softmax", sequential(small(), layers.TimeDistributed(layers.Dense(CLASSES)),
                                       layers.TimeDistributed(layers.Softmax())), "each", "TimeDistributed(Softmax)", forms)
    case("k3_ellipsis", functional(lambda h: h[..., -1, :], small()), "last", "h[..., -1, :]",
         "the last step, `h[:, -1, :]`")
    case("k3_lora_h5", with_lora(), "last", "LoRA arrays in HDF5", "another layer", expect="refuse", file="model.h5")
    case("k3_activation_layer", sequential(layers.LSTM(SMALL, activation=layers.LeakyReLU(0.3)), head()), "last",
         "a layer as the activation", "activations by name", expect="refuse")
    case("k3_masking_embedding", sequential(layers.Masking(), layers.LSTM(SMALL), head()), "last",
         "Masking above an Embedding", "a mask of other tokens", expect="refuse")
    tokens = keras.Input((None,), dtype="int32")
    case("k3_one_hot", keras.Model(tokens, head()(layers.LSTM(SMALL)(keras.ops.one_hot(tokens, TOKENS)))), "last",
         "one_hot below the LSTM", "another layer", expect="refuse")


def main():
    keras.utils.set_random_seed(20)
    case("k2_selu", tagger(lstm(activation="selu")), "each", "activation selu",
         group="activations by name")
    case("k2_exponential_gates", tagger(lstm(recurrent_activation="exponential")), "each",
         "recurrent_activation exponential", lengths=(1, 2, 3),
         group="activations by name")
    case("k2_exponential", tagger(lstm(activation="exponential")), "each", "activation exponential", lengths=(1, 2),
         group="activations by name")
    case("k2_own_activation", tagger(lstm(activation=tanh)), "each", "a registered function named tanh",
         expect="refuse",
         group="a class or function of the user")
    case("k2_own_lstm", tagger(LSTM(HIDDEN, return_sequences=True)), "each", "a subclass of LSTM, named LSTM",
         expect="refuse",
         group="a class or function of the user")
    case("k2_own_bidirectional", tagger(layers.Bidirectional(LSTM(HIDDEN, return_sequences=True))), "each",
         "Bidirectional around a class of the user", expect="refuse",
         group="a class or function of the user")
    case("k2_own_dropout", tagger(lstm(), Dropout()), "each", "a class of the user named Dropout", expect="refuse",
         group="a class or function of the user")
    case("k2_dropout_seeds", tagger(lstm(dropout=0.2, recurrent_dropout=0.1), layers.Dropout(0.3)), "each",
         "seeds of random numbers among the weights",
         group="dropout")
    case("k2_last_bidirectional", functional(lambda h: h[:, -1], layers.Bidirectional(lstm())), "last",
         "h[:, -1] of both directions",
         group="the last step, `h[:, -1, :]`")
    case("k2_last_backwards", functional(lambda h: h[:, -1, :], lstm(go_backwards=True)), "last",
         "h[:, -1, :] of an LSTM with go_backwards",
         group="the last step, `h[:, -1, :]`")
    case("k2_masking_stacked", masked(0., lstm(), layers.Dropout(0.2), lstm()), "each",
         "Masking of features below two LSTMs", features=4,
         group="features, also under `Masking`")
    case("k2_masking_bidirectional", masked(-1., layers.Bidirectional(layers.LSTM(HIDDEN))), "last",
         "Masking of features below both directions", features=4,
         group="features, also under `Masking`")
    case("k2_first_step", functional(lambda h: h[:, 0, :], lstm()), "last", "h[:, 0, :]", expect="refuse",
         group="another step or state")
    case("k2_state_c", functional(lambda h: h[2], lstm(return_state=True)), "last",
         "the cell state is classified", expect="refuse",
         group="another step or state")
    case("k2_mask_other", functional(lambda h: h, lstm(), mask=lambda x: keras.ops.not_equal(x, 7)), "each",
         "mask: tokens other than 7, without mask_zero", expect="refuse",
         group="a mask of other tokens")
    case("k2_mask_greater", functional(lambda h: h, lstm(), mask_zero=True, mask=lambda x: keras.ops.greater(x, 3)),
         "each", "mask: tokens above 3, over mask_zero", expect="refuse",
         group="a mask of other tokens")
    more_cases()


if __name__ == "__main__":
    main()
