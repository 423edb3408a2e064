"""Writes vocabulary files of one small text as the libraries write them.

python make_vocabularies.py
    pip install tokenizers transformers; TensorFlow for Keras
Versions: tokenizers 0.23.2, transformers 5.18.0, Keras of TensorFlow (legacy Tokenizer).
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
TEXTS = [
    "the cat sat on the mat",
    "a dog ran to the house",
    "the boy and the girl play with a red ball",
    "a big red ball and a big dog",
]


def hugging_face():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel(unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.train_from_iterator(TEXTS, trainers.WordLevelTrainer(special_tokens=["<unk>"]))
    fast = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>", eos_token="<eos>")
    fast.save_pretrained(HERE / "fast")
    (HERE / "fast" / "tokenizer.json").replace(HERE / "wordlevel-tokenizer.json")
    for rest in (HERE / "fast").iterdir():
        rest.unlink()
    (HERE / "fast").rmdir()
    words.model.save(str(HERE))
    (HERE / "vocab.json").replace(HERE / "wordlevel-vocab.json")

    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    pieces.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=60, special_tokens=["<s>"], show_progress=False))
    pieces.save(str(HERE / "bpe-tokenizer.json"))

    unigram = Tokenizer(models.Unigram())
    unigram.pre_tokenizer = pre_tokenizers.Metaspace()
    unigram.train_from_iterator(
        TEXTS, trainers.UnigramTrainer(vocab_size=40, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False))
    unigram.save(str(HERE / "unigram-tokenizer.json"))
    with open(HERE / "hugging-face-ids.json", "w") as file:
        json.dump({
            "words": {text: fast(text)["input_ids"] for text in TEXTS},
            "pieces": {text: [pieces.encode(text).tokens, pieces.encode(text).ids] for text in TEXTS},
            "unigram": {text: [unigram.encode(text).tokens, unigram.encode(text).ids] for text in TEXTS},
        }, file, indent=1)


def keras():
    try:
        from keras.src.legacy.preprocessing.text import Tokenizer
    except ImportError:
        from tensorflow.keras.preprocessing.text import Tokenizer
    tokenizer = Tokenizer(oov_token="<unk>")
    tokenizer.fit_on_texts(TEXTS)
    (HERE / "keras-tokenizer.json").write_text(tokenizer.to_json())
    with open(HERE / "keras-tokenizer-dumped.json", "w") as file:
        json.dump(tokenizer.to_json(), file)  # as many programs do: JSON in JSON
    with open(HERE / "keras-word-index.json", "w") as file:
        json.dump(tokenizer.word_index, file)
    limited = Tokenizer(num_words=8, oov_token="<unk>")
    limited.fit_on_texts(TEXTS)
    (HERE / "keras-limited.json").write_text(limited.to_json())
    with open(HERE / "keras-ids.json", "w") as file:
        json.dump({
            "all": dict(zip(TEXTS, tokenizer.texts_to_sequences(TEXTS))),
            "limited": dict(zip(TEXTS, limited.texts_to_sequences(TEXTS))),
        }, file, indent=1)


{"hugging_face": hugging_face, "keras": keras}[sys.argv[1]]()
