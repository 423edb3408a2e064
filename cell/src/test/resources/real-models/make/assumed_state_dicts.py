"""Writes the cases s2_* of real-models: state dicts of networks that compute more than their tensors show.

    python assumed_state_dicts.py FOLDER     needs torch, safetensors, torchmetrics and numpy
"""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import parametrizations, parametrize

from state_dicts import case, shake

V, E, H, C = 10, 6, 8, 4
LSTM = dict(batch_first=True)


class Net(nn.Module):
    """An embedding, an LSTM and an output layer; build adds or replaces parts, use computes the logits."""

    def __init__(self, build=None, use=None, classes=V, embedding=E, **options):
        super().__init__()
        self.embedding = nn.Embedding(V, embedding)
        self.lstm = nn.LSTM(embedding, H, batch_first=True, **options)
        self.fc = nn.Linear(2 * H if options.get("bidirectional") else H, classes)
        self.use = use or (lambda net, x: net.fc(net.states(x)))
        if build:
            build(self)

    def states(self, x):
        return self.lstm(self.embedding(x))[0]

    def forward(self, x):
        return self.use(self, x)


def net(name, why, build=None, use=None, expect="accept", options=None, **how):
    model = shake(Net(build, use, **(options or {})))
    case("s2_" + name, model, why, expect=expect, vocabulary=V, **how)


def without(*names):
    def build(model):
        for name in names:
            delattr(model, name)

    return build


def add(**parts):
    """Modules, parameters (tensors with a gradient), or buffers."""

    def build(model):
        for name, part in parts.items():
            if isinstance(part, nn.Parameter):
                model.register_parameter(name, part)
            elif isinstance(part, torch.Tensor):
                model.register_buffer(name, part)
            else:
                setattr(model, name, part)

    return build


def both(*builds):
    return lambda model: [build(model) for build in builds]


def buffers(**values):
    module = nn.Module()
    add(**values)(module)
    return module


def stacked(model, x):
    x = model.embedding(x)
    for layer in model.layers:
        x = layer(x)[0]
    return model.fc(x)


def stepwise(model, x, cells, states):
    steps = []
    for step in model.embedding(x).transpose(0, 1):
        for k, cell in enumerate(cells):
            states[k] = cell(step, states[k])
            step = states[k][0]
        steps.append(step)
    return model.fc(torch.stack(steps, 1))


def second_uses():
    lower, upper = nn.LSTM(H, H, **LSTM), nn.LSTM(H, H, **LSTM)
    no_lstm = without("lstm")
    layers = ["layers.0.", "layers.1.", "layers.2."]
    listed = {"model.lstm": layers}
    one = nn.LSTM(H, H, **LSTM)
    shared = both(no_lstm, add(layers=nn.ModuleList([one] * 3)))
    square = dict(embedding=H)
    runs = [("", "refuse", {}), ("listed", "accept", listed), ("one", "refuse", {"model.lstm": ["layers.0."]})]
    net("shared_stack", "one LSTM, three times", shared, stacked, options=square, runs=runs)
    net("shared_stack_aliases", "the same, by save_model", shared, stacked, options=square, runs=runs, suffix="safetensors")
    net(
        "shared_upper",
        "a lower LSTM, and an upper one twice",
        both(no_lstm, add(layers=nn.ModuleList([nn.LSTM(E, H, **LSTM), upper, upper]))),
        stacked,
        runs=[("", "refuse", {}), ("listed", "accept", listed)],
    )
    net(
        "shared_first_and_last",
        "layers 0 and 2 are one module",
        both(no_lstm, add(layers=nn.ModuleList([lower, upper, lower]))),
        stacked,
        options=square,
        runs=[("", "refuse", {}), ("two", "refuse", {"model.lstm": layers[:2]}), ("listed", "accept", listed)],
    )
    cell = nn.LSTMCell(H, H)
    net(
        "shared_cells",
        "one LSTMCell, twice",
        both(no_lstm, add(cell1=cell, cell2=cell)),
        lambda m, x: stepwise(m, x, [m.cell1, m.cell2], [None, None]),
        options=square,
        expect="refuse",
    )
    reader = nn.LSTM(E, H, **LSTM)
    net(
        "shared_directions",
        "one LSTM reads in both directions, and the outputs are added",
        both(no_lstm, add(fw=reader, bw=reader)),
        lambda m, x: m.fc(m.fw(m.embedding(x))[0] + m.bw(m.embedding(x).flip(1))[0].flip(1)),
        expect="refuse",
    )

    def encoder_decoder(m):
        m.encoder, m.decoder = nn.Module(), nn.Module()
        m.encoder.embedding = m.decoder.embedding = m.embedding
        m.encoder.lstm = m.decoder.lstm = m.lstm
        m.decoder.fc = m.fc
        without("embedding", "lstm", "fc")(m)

    net(
        "shared_encoder_decoder",
        "the encoder's LSTM is the decoder's",
        encoder_decoder,
        lambda m, x: m.decoder.fc(
            m.decoder.lstm(m.decoder.embedding(x), m.encoder.lstm(m.encoder.embedding(x.flip(1)))[1])[0]
        ),
        expect="refuse",
    )
    dense = nn.Linear(H, H)
    net(
        "shared_head",
        "one dense layer, twice",
        both(without("fc"), add(fc=nn.Sequential(dense, nn.ReLU(), dense))),
        expect="refuse",
    )
    model = shake(Net())
    state = {prefix + name: value for prefix in ["model.", "best."] for name, value in model.state_dict().items()}
    case("s2_repeated_model", model, "all tensors under two prefixes", state=state, vocabulary=V)


def values():
    net(
        "int_temperature",
        "an integer temperature",
        add(temperature=torch.tensor(3)),
        lambda m, x: m.fc(m.states(x)) / m.temperature,
        "refuse",
    )
    net(
        "int_offset",
        "an offset of the tokens",
        add(offset=torch.tensor([1])),
        lambda m, x: m.fc(m.states((x + m.offset) % V)),
        "refuse",
    )
    net(
        "int_window",
        "only the last three tokens are read",
        add(window=torch.tensor(3)),
        lambda m, x: m.fc(m.states(x[:, -int(m.window) :])),
        "refuse",
    )
    net(
        "bool_flag",
        "a flag that adds a relu",
        add(use_relu=torch.tensor(True)),
        lambda m, x: m.fc(F.relu(m.states(x)) if m.use_relu else m.states(x)),
        "refuse",
    )
    featured = both(without("embedding", "lstm"), add(lstm=nn.LSTM(3, H, **LSTM)))
    net(
        "min_max",
        "min-max scaling of features",
        both(featured, add(scaler=buffers(min_value=torch.tensor(-2.0), max_value=torch.tensor(3.0)))),
        lambda m, x: m.fc(m.lstm((x + 2) / 5)[0]),
        "refuse",
        width=3,
    )
    net(
        "centered",
        "a mean that is subtracted from features",
        both(featured, add(center=buffers(mean_value=torch.tensor(1.5)))),
        lambda m, x: m.fc(m.lstm(x - m.center.mean_value)[0]),
        "refuse",
        width=3,
    )
    net(
        "matrix_named_fn",
        "a matrix of the network whose name is that of false negatives",
        add(head=buffers(fn=torch.randn(H, H))),
        lambda m, x: m.fc(torch.tanh(m.states(x) @ m.head.fn)),
        "refuse",
    )
    net(
        "class_weights_in_logits",
        "class weights that adjust the logits",
        add(class_weights=torch.tensor([0.1, 0.2, 0.5, 0.2])),
        lambda m, x: m.fc(m.states(x)) - 3 * m.class_weights.log(),
        "warn",
        options=dict(classes=C),
    )
    net(
        "masks",
        "buffers that end in _mask, one of which is added to the logits",
        add(causal_mask=torch.ones(9, 9).tril(), vocab_mask=(torch.arange(V) < 5) * -30.0),
        lambda m, x: m.fc(m.states(x)) + m.vocab_mask,
        "refuse",
    )
    losses = {
        name: nn.CrossEntropyLoss(weight=torch.rand(V))
        for name in ["ce", "loss_fct", "lossfn", "nll", "cross_entropy", "objective"]
    }
    net("losses", "weights of losses of several names", add(**losses))
    model = shake(Net())
    state = {**model.state_dict(), "loss": torch.tensor(0.3), "best_acc": torch.tensor(0.7)}
    case("s2_loss_value", model, "the last loss, among the tensors", state=state, vocabulary=V)

    import torchmetrics

    metrics = dict(
        acc=torchmetrics.Accuracy(task="multiclass", num_classes=V),
        cm=torchmetrics.ConfusionMatrix(task="multiclass", num_classes=V),
        mean=torchmetrics.MeanMetric(),
        mse=torchmetrics.MeanSquaredError(),
        r2=torchmetrics.R2Score(),
        ppl=torchmetrics.text.Perplexity(),
        best=torchmetrics.MaxMetric(),
    )
    for metric in metrics.values():
        metric.persistent(True)
    net("metrics", "metrics of torchmetrics, persistent", add(**metrics))
    model = shake(Net())
    state = {"initted": torch.tensor([True]), "step": torch.tensor([100])}
    for prefix, factor in [("online_model.", 0.5), ("ema_model.", 1.0)]:
        state |= {prefix + name: value * factor for name, value in model.state_dict().items()}
    case(
        "s2_ema",
        model,
        "a model and its moving average, with a counter and a flag",
        state=state,
        vocabulary=V,
        runs=[("", "refuse", {}), ("ema", "accept", {"model.ignore": ["online_model."]})],
    )


def states_and_layers():
    model = shake(Net())
    state = {**model.state_dict(), "decoder.h0": torch.randn(1, 1, H), "decoder.c0": torch.randn(1, 1, H)}
    case("s2_foreign_states", model, "h0 and c0 of another module", expect="refuse", state=state)
    net(
        "cell_states",
        "learned states of an LSTMCell",
        both(
            without("lstm"),
            add(cell=nn.LSTMCell(E, H), h0=nn.Parameter(torch.randn(1, H)), c0=nn.Parameter(torch.randn(1, H))),
        ),
        lambda m, x: stepwise(m, x, [m.cell], [(m.h0, m.c0)]),
    )
    stack = both(without("lstm"), add(lstm1=nn.LSTM(E, H, **LSTM), lstm2=nn.LSTM(H, H, **LSTM)))

    def two(m, x, between=lambda h: h):
        return m.lstm2(between(m.lstm1(m.embedding(x))[0]))[0]

    net(
        "dense_between",
        "a dense layer between two LSTMs, whose hidden states are asked for",
        both(stack, add(proj=nn.Linear(H, H))),
        lambda m, x: two(m, x, m.proj),
        emits="hidden",
        runs=[("", "refuse", {}), ("none", "refuse", {"model.output": "none"})],
    )
    net(
        "dense_between_alone",
        "a dense layer between two LSTMs, and no output layer",
        both(stack, without("fc"), add(fc=nn.Linear(H, H))),
        lambda m, x: two(m, x, m.fc),
        "refuse",
    )
    net(
        "relu_between",
        "an activation between two LSTMs",
        stack,
        lambda m, x: m.fc(two(m, x, F.relu)),
        "warn",
    )
    net("residual", "a residual connection", stack, lambda m, x: m.fc(m.lstm1(m.embedding(x))[0] + two(m, x)), "warn")
    net(
        "linear_below",
        "a dense layer of features below the LSTM, as large as the LSTM",
        both(without("embedding", "lstm", "fc"), add(linear=nn.Linear(E, E), lstm=nn.LSTM(E, E, **LSTM))),
        lambda m, x: m.lstm(torch.tanh(m.linear(x)))[0],
        "warn",
        width=E,
    )
    net(
        "step_embedding",
        "one-hot tokens and an embedding of the step",
        both(without("embedding"), add(step_emb=nn.Embedding(30, V), lstm=nn.LSTM(V, H, **LSTM))),
        lambda m, x: m.fc(m.lstm(F.one_hot(x, V).float() + m.step_emb.weight[: x.shape[1]])[0]),
        "refuse",
    )
    net(
        "mean_over_steps",
        "a mean over the steps, with as many classes as tokens",
        None,
        lambda m, x: m.fc(m.states(x).mean(1, keepdim=True)),
        "warn",
        at="last",
    )
    net(
        "max_of_directions",
        "a maximum over the steps of two directions",
        None,
        lambda m, x: m.fc(m.states(x).max(1, keepdim=True)[0]),
        "warn",
        at="last",
        options=dict(classes=C, bidirectional=True),
    )
    net(
        "sum_of_directions",
        "the two directions are added",
        both(without("fc"), add(fc=nn.Linear(H, V))),
        lambda m, x: m.fc(m.states(x)[..., :H] + m.states(x)[..., H:]),
        "refuse",
        options=dict(bidirectional=True),
    )


def orders():
    def directions(m, x):
        x = m.embedding(x)
        return m.fc(torch.cat([m.forward_lstm(x)[0], m.backward_lstm(x.flip(1))[0].flip(1)], -1))

    net(
        "directions",
        "two modules of equal shapes that read in two directions",
        both(
            without("lstm", "fc"),
            add(backward_lstm=nn.LSTM(E, H, **LSTM), forward_lstm=nn.LSTM(E, H, **LSTM), fc=nn.Linear(2 * H, V)),
        ),
        directions,
        runs=[
            ("", "refuse", {}),
            ("right", "accept", {"model.lstm": ["forward_lstm. | backward_lstm."]}),
            ("swapped", "warn", {"model.lstm": ["backward_lstm. | forward_lstm."]}),
        ],
    )
    net(
        "stack_in_words",
        "two modules whose order only the network knows",
        both(without("lstm"), add(input_lstm=nn.LSTM(H, H, **LSTM), hidden_lstm=nn.LSTM(H, H, **LSTM))),
        lambda m, x: m.fc(m.hidden_lstm(m.input_lstm(m.embedding(x))[0])[0]),
        options=dict(embedding=H),
        runs=[
            ("", "refuse", {}),
            ("right", "accept", {"model.lstm": ["input_lstm.", "hidden_lstm."]}),
            ("wrong", "warn", {"model.lstm": ["hidden_lstm.", "input_lstm."]}),
        ],
    )
    net(
        "twelve_layers",
        "twelve modules of equal shapes",
        both(without("lstm"), add(layers=nn.ModuleList(nn.LSTM(4, 4, **LSTM) for _ in range(12)), fc=nn.Linear(4, V))),
        stacked,
        options=dict(embedding=4),
        runs=[("", "refuse", {}), ("listed", "accept", {"model.lstm": [f"layers.{k}." for k in range(12)]})],
    )

    def four(m):
        without("lstm", "fc")(m)
        for direction in ["forward", "backward"]:
            for k in range(2):
                setattr(m, f"{direction}_{k}", nn.LSTM(E if k == 0 else 2 * H, H, **LSTM))
        m.fc = nn.Linear(2 * H, V)

    def pairs(m, x):
        x = m.embedding(x)
        for k in range(2):
            back = getattr(m, f"backward_{k}")(x.flip(1))[0].flip(1)
            x = torch.cat([getattr(m, f"forward_{k}")(x)[0], back], -1)
        return m.fc(x)

    net(
        "two_pairs",
        "two layers of two modules each",
        four,
        pairs,
        runs=[
            ("", "refuse", {}),
            ("pairs", "accept", {"model.lstm": ["forward_0 | backward_0", "forward_1 | backward_1"]}),
        ],
    )


def weights():
    net(
        "bias_parameter",
        "a linear layer without a bias, and a bias b",
        both(without("fc"), add(W=nn.Linear(H, V, bias=False), b=nn.Parameter(torch.randn(V)))),
        lambda m, x: m.W(m.states(x)) + m.b,
    )
    net(
        "bias_parameter_one_hot",
        "the same over one-hot tokens",
        both(
            without("embedding", "fc"),
            add(lstm=nn.LSTM(V, H, **LSTM), W=nn.Linear(H, V, bias=False), bias=nn.Parameter(torch.randn(V))),
        ),
        lambda m, x: m.W(m.lstm(F.one_hot(x, V).float())[0]) + m.bias,
        at="last",
    )
    named = {"model.output": "out_weight"}
    net(
        "output_parameters",
        "an output layer of two parameters",
        both(
            without("fc"),
            add(out_weight=nn.Parameter(torch.randn(C, H)), out_bias=nn.Parameter(torch.randn(C))),
        ),
        lambda m, x: F.linear(m.states(x), m.out_weight, m.out_bias),
        runs=[("", "refuse", {}), ("named", "accept", named)],
    )
    net(
        "square_output_parameter",
        "h @ W with a square W",
        both(without("fc"), add(W=nn.Parameter(torch.randn(H, H)), b=nn.Parameter(torch.randn(H)))),
        lambda m, x: m.states(x) @ m.W + m.b,
        runs=[("", "refuse", {}), ("named", "warn", {"model.output": "W"})],
    )
    net(
        "output_from_the_right",
        "h @ W with W of (H, classes)",
        both(without("fc"), add(W=nn.Parameter(torch.randn(H, C)), b=nn.Parameter(torch.randn(C)))),
        lambda m, x: m.states(x) @ m.W + m.b,
        runs=[("", "refuse", {}), ("named", "refuse", {"model.output": "W"})],
    )
    net(
        "unigram_bias",
        "a lone bias, and an output layer by the normalized embedding",
        both(without("fc"), add(unigram_bias=nn.Parameter(torch.randn(V)))),
        lambda m, x: m.states(x) @ F.normalize(m.embedding.weight).T + m.unigram_bias,
        "warn",
        options=dict(embedding=H),
    )
    net(
        "convolution_output",
        "a Conv1d of width 1 as the output layer",
        both(without("fc"), add(out=nn.Conv1d(H, C, 1))),
        lambda m, x: m.out(m.states(x).transpose(1, 2)).transpose(1, 2),
        "refuse",
    )

    class Scaled(nn.Module):
        def forward(self, scale, weight):
            return scale * weight

        def right_inverse(self, weight):
            return torch.ones(len(weight), 1), weight

    net(
        "row_scale",
        "a parametrization with the tensors of weight normalization",
        lambda m: parametrize.register_parametrization(m.fc, "weight", Scaled()),
        expect="warn",
    )

    class Positive(nn.Module):
        def forward(self, weight):
            return F.softplus(weight)

    def normed(m):
        parametrizations.weight_norm(m.fc)
        parametrize.register_parametrization(m.fc, "weight", Positive())

    net("weight_norm_and_softplus", "weight normalization, then softplus", normed, expect="warn")

    def removed(m):
        parametrizations.spectral_norm(m.fc)
        m.eval()
        parametrize.remove_parametrizations(m.fc, "weight")

    net("spectral_norm_removed", "spectral normalization, removed as the message says", removed)

    def lora(m):
        m.fc.lora_A = nn.Parameter(torch.randn(2, H))
        m.fc.lora_B = nn.Parameter(torch.randn(V, 2))

    net(
        "lora",
        "a low-rank update of the output layer",
        lora,
        lambda m, x: m.fc(m.states(x)) + m.states(x) @ m.fc.lora_A.T @ m.fc.lora_B.T,
        "refuse",
    )

    class Versioned(nn.Linear):
        def get_extra_state(self):
            return torch.zeros(5, dtype=torch.uint8)

        def set_extra_state(self, state):
            pass

    net(
        "extra_state",
        "an extra state of the output layer, a tensor of bytes",
        both(without("fc"), add(fc=Versioned(H, V))),
        runs=[("", "refuse", {}), ("ignored", "accept", {"model.ignore": ["fc._extra_state"]})],
    )


def unreadable():
    from torch.ao import quantization
    from torch.ao.pruning import WeightNormSparsifier

    model = Net()
    model.fc.qconfig = quantization.get_default_qat_qconfig()
    model.train()
    quantization.prepare_qat(model, inplace=True)
    model(torch.tensor([[1, 2, 3]]))
    case("s2_fake_quantized", model, "an output layer in quantization-aware training", expect="refuse")
    model = Net()
    sparsifier = WeightNormSparsifier(sparsity_level=0.5, sparse_block_shape=(1, 4))
    sparsifier.prepare(model, [{"tensor_fqn": "fc.weight"}])
    sparsifier.step()
    case("s2_fake_sparsity", model, "a sparsified weight without its mask", expect="refuse")
    state = Net().state_dict()
    cell = {"weight_ih": "lstm.weight_ih_l0", "weight_hh": "lstm.weight_hh_l0", "bias": "lstm.bias_ih_l0"}
    one_bias = {k: v for k, v in state.items() if not k.startswith("lstm")}
    one_bias |= {f"cell.{k}": state[v] for k, v in cell.items()}
    refused = dict(model=Net(), expect="refuse")
    case("s2_cell_with_one_bias", why="a cell whose bias has another name", state=one_bias, **refused)
    hand = {k: v for k, v in state.items() if not k.startswith("lstm")}
    hand |= {"lstm.W": torch.randn(E, 4 * H), "lstm.U": torch.randn(H, 4 * H), "lstm.bias": torch.randn(4 * H)}
    case("s2_hand_written", why="a hand-written LSTM", state=hand, **refused)
    case("s2_unnamed", why="a list of the parameters", state=list(state.values()), **refused)
    zero = {name: torch.empty(0) for name in state}
    case("s2_zero3", why="the placeholders of DeepSpeed ZeRO-3", state=zero, **refused)
    escaped = {**state, "a\nb\x1b[31m.weight": torch.zeros(3, 3)}
    case("s2_control_characters", why="control characters in a name", state=escaped, **refused)


torch.manual_seed(21)
second_uses()
values()
states_and_layers()
orders()
weights()
unreadable()
