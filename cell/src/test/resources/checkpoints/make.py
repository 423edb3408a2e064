"""Checkpoints in torch.save's layout, pickled by Python's own pickler; torch itself is stood in for by empty modules."""
import io, json, pickle, random, struct, sys, types, zipfile
from collections import OrderedDict

torch = types.ModuleType("torch"); utils = types.ModuleType("torch._utils"); torch._utils = utils
sys.modules["torch"] = torch; sys.modules["torch._utils"] = utils
def _rebuild_tensor_v2(*a): raise NotImplementedError
_rebuild_tensor_v2.__module__ = "torch._utils"; utils._rebuild_tensor_v2 = _rebuild_tensor_v2
def _rebuild_parameter(*a): raise NotImplementedError
_rebuild_parameter.__module__ = "torch._utils"; utils._rebuild_parameter = _rebuild_parameter
FloatStorage = type("FloatStorage", (), {"__module__": "torch"}); torch.FloatStorage = FloatStorage

class Storage:
    def __init__(self, values): self.values = values
class Tensor:
    def __init__(self, storage, offset, size, stride): self.s, self.o, self.size, self.stride = storage, offset, size, stride
    def __reduce_ex__(self, protocol):
        return (_rebuild_tensor_v2, (self.s, self.o, self.size, self.stride, False, OrderedDict()))
class StateDict(OrderedDict): pass

def save(file, obj, protocol):
    out = io.BytesIO(); keys = {}
    class P(pickle.Pickler):
        def persistent_id(self, o):
            if isinstance(o, Storage):
                key = keys.setdefault(id(o), (str(len(keys)), o))[0]
                return ("storage", FloatStorage, key, "cuda:0", len(o.values))
    P(out, protocol).dump(obj)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as z:
        def put(n, b):
            i = zipfile.ZipInfo("archive/" + n, (1980, 1, 1, 0, 0, 0)); z.writestr(i, b)
        put("data.pkl", out.getvalue()); put("byteorder", b"little")
        for key, s in keys.values(): put("data/" + key, struct.pack("<%df" % len(s.values), *s.values))
        put("version", b"3\n")

r = random.Random(1)
shapes = OrderedDict([("embedding.weight", (6, 2))])
for l, i in ((0, 2), (1, 6)):
    for d in ("", "_reverse"):
        shapes["lstm.weight_ih_l%d%s" % (l, d)] = (12, i); shapes["lstm.weight_hh_l%d%s" % (l, d)] = (12, 3)
        shapes["lstm.bias_ih_l%d%s" % (l, d)] = (12,); shapes["lstm.bias_hh_l%d%s" % (l, d)] = (12,)
shapes["fc.weight"] = (4, 6); shapes["fc.bias"] = (4,)
def count(s):
    n = 1
    for d in s: n *= d
    return n
values = {n: [r.uniform(-.5, .5) for _ in range(count(s))] for n, s in shapes.items()}
strides = lambda s: (s[1], 1) if len(s) == 2 else (1,)
def state(flat):
    sd = OrderedDict()
    joined = Storage(sum((values[n] for n in shapes if n.startswith("lstm.")), [])); at = 0
    for n, s in shapes.items():
        if flat and n.startswith("lstm."):
            sd[n] = Tensor(joined, at, s, strides(s)); at += count(s)
        else:
            sd[n] = Tensor(Storage(values[n]), 0, s, strides(s))
    sd._metadata = OrderedDict([("", {"version": 1}), ("embedding", {"version": 1}), ("lstm", {"version": 1}), ("fc", {"version": 1})])
    return sd
out = sys.argv[1]
save(out + "/protocol-2.pt", state(True), 2)
save(out + "/protocol-4.pt", state(False), 4)
sd = state(True)
save(out + "/protocol-5-training.pt", {"epoch": 3, "best": 0.5, "model_state_dict": sd, "vocab": {"a": 0, "b": 1}, "args": ("x", None, True, [1, 2 ** 40]),
     "optimizer_state_dict": {"state": {0: {"step": 10, "exp_avg": Tensor(Storage([0.0] * 12), 0, (6, 2), (2, 1))}}, "param_groups": [{"lr": 1e-3, "betas": (0.9, 0.999), "params": [0, 1]}]}}, 5)
at = 0; header = {}; data = b""
for n, s in shapes.items():
    b = struct.pack("<%df" % count(s), *values[n]); header[n] = {"dtype": "F32", "shape": list(s), "data_offsets": [at, at + len(b)]}; at += len(b); data += b
h = json.dumps(header).encode(); h += b" " * (-len(h) % 8)
open(out + "/same.safetensors", "wb").write(struct.pack("<Q", len(h)) + h + data)
