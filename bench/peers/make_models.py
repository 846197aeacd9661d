#!/usr/bin/python3 -B
"""make_models.py WORK: language models of OPT-1.3b's shape with random weights for the peers, where there are none.

CTranslate2 runs OPT itself. ggml's nearest example is gpt-2, which differs in its activation (GELU for ReLU) and in two
rows of the position table; all matrices are of the same size. Matrices are float16 in both files: CTranslate2 makes
float32 or int8 of them as it reads, and ggml's own program the 8 and 4 bits. One tensor is in memory at a time.
"""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys

import numpy

LAYERS, WIDTH, HEADS, VOCABULARY, POSITIONS = 24, 2048, 32, 50272, 2048
WEIGHT_STD = 0.02
LEAST_FREE_GB = 8


def fail(message):
    sys.exit(f"peers: {message}")


class RandomTensors:
    def __init__(self):
        self.random = numpy.random.default_rng(1)

    def matrix(self, rows, columns):
        return (self.random.standard_normal((rows, columns), dtype=numpy.float32) * WEIGHT_STD).astype(numpy.float16)

    @staticmethod
    def ones(size):
        return numpy.ones(size, numpy.float32)

    @staticmethod
    def zeros(size):
        return numpy.zeros(size, numpy.float32)


def text16(text):
    """A string of CTranslate2: 16 bits of length, and a zero at the end."""
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"


def ctranslate2_linear(tensors, name, rows, columns):
    yield name + "/weight", tensors.matrix(rows, columns)
    yield name + "/bias", tensors.zeros(rows)


def ctranslate2_norm(tensors, name):
    yield name + "/gamma", tensors.ones(WIDTH)
    yield name + "/beta", tensors.zeros(WIDTH)


def ctranslate2_tensors(tensors):
    yield "decoder/num_heads", numpy.int16(HEADS)
    yield "decoder/pre_norm", numpy.int8(1)
    yield "decoder/activation", numpy.int8(0)  # ReLU
    yield "decoder/scale_embeddings", numpy.int8(0)
    yield "decoder/embeddings/weight", tensors.matrix(VOCABULARY, WIDTH)
    yield "decoder/position_encodings/encodings", tensors.matrix(POSITIONS, WIDTH)
    yield from ctranslate2_norm(tensors, "decoder/layer_norm")
    for i in range(LAYERS):
        layer = f"decoder/layer_{i}"
        yield from ctranslate2_norm(tensors, layer + "/self_attention/layer_norm")
        yield from ctranslate2_linear(tensors, layer + "/self_attention/linear_0", 3 * WIDTH, WIDTH)
        yield from ctranslate2_linear(tensors, layer + "/self_attention/linear_1", WIDTH, WIDTH)
        yield from ctranslate2_norm(tensors, layer + "/ffn/layer_norm")
        yield from ctranslate2_linear(tensors, layer + "/ffn/linear_0", 4 * WIDTH, WIDTH)
        yield from ctranslate2_linear(tensors, layer + "/ffn/linear_1", WIDTH, 4 * WIDTH)


def write_ctranslate2(folder):
    """model.bin (binary version 6) as the converter of CTranslate2 writes it, the head an alias of the embeddings."""
    folder.mkdir()
    words = ["<s>", "<pad>", "</s>", "<unk>"] + [f"t{i}" for i in range(4, VOCABULARY)]
    (folder / "vocabulary.json").write_text(json.dumps(words))
    (folder / "config.json").write_text(
        json.dumps({"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}))
    type_ids = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}
    with open(folder / "model.bin", "wb") as file:
        file.write(struct.pack("<I", 6) + text16("TransformerDecoderSpec") + struct.pack("<I", 8))
        count_at, count = file.tell(), 0
        file.write(struct.pack("<I", count))
        for name, tensor in ctranslate2_tensors(RandomTensors()):
            count += 1
            file.write(text16(name) + struct.pack(f"<B{tensor.ndim}I", tensor.ndim, *tensor.shape))
            file.write(struct.pack("<BI", type_ids[tensor.dtype.name], tensor.nbytes))
            file.write(tensor.tobytes())
        file.write(struct.pack("<I", 1) + text16("decoder/projection/weight") + text16("decoder/embeddings/weight"))
        file.seek(count_at)
        file.write(struct.pack("<I", count))


def gpt2_norm(tensors, name):
    yield name + "/g", tensors.ones(WIDTH)
    yield name + "/b", tensors.zeros(WIDTH)


def gpt2_linear(tensors, name, rows, columns):
    yield name + "/w", tensors.matrix(rows, columns)
    yield name + "/b", tensors.zeros(rows)


def gpt2_tensors(tensors):
    yield "model/wte", tensors.matrix(VOCABULARY, WIDTH)  # the head too, where none has a name of its own
    yield "model/wpe", tensors.matrix(POSITIONS, WIDTH).astype(numpy.float32)
    yield from gpt2_norm(tensors, "model/ln_f")
    for i in range(LAYERS):
        layer = f"model/h{i}"
        yield from gpt2_norm(tensors, layer + "/ln_1")
        yield from gpt2_linear(tensors, layer + "/attn/c_attn", 3 * WIDTH, WIDTH)
        yield from gpt2_linear(tensors, layer + "/attn/c_proj", WIDTH, WIDTH)
        yield from gpt2_norm(tensors, layer + "/ln_2")
        yield from gpt2_linear(tensors, layer + "/mlp/c_fc", 4 * WIDTH, WIDTH)
        yield from gpt2_linear(tensors, layer + "/mlp/c_proj", WIDTH, 4 * WIDTH)


def write_gpt2(path):
    """The file of ggml's gpt-2 example, matrices float16."""
    type_ids = {"float32": 0, "float16": 1}
    with open(path, "wb") as file:
        file.write(struct.pack("<I6i", 0x67676D6C, VOCABULARY, POSITIONS, WIDTH, HEADS, LAYERS, type_ids["float16"]))
        file.write(struct.pack("<i", VOCABULARY))
        for i in range(VOCABULARY):
            word = f"t{i}".encode()
            file.write(struct.pack("<I", len(word)) + word)
        for name, tensor in gpt2_tensors(RandomTensors()):
            file.write(struct.pack("<3i", tensor.ndim, len(name), type_ids[tensor.dtype.name]))
            file.write(struct.pack(f"<{tensor.ndim}i", *reversed(tensor.shape)) + name.encode())
            file.write(tensor.tobytes())


def quantize_gpt2(program, source, kind, path):
    done = subprocess.run([program, source, path, kind], capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"{program} cannot make {kind} of {source}: {done.stderr.strip()}")


def make(path, write):
    """Under its name only once it is whole."""
    if path.exists():
        return
    print(f"peers: writing {path}", file=sys.stderr)
    part = path.with_name(path.name + ".part")
    if part.is_dir():
        shutil.rmtree(part)
    write(part)
    os.rename(part, path)


def main():
    if len(sys.argv) != 2 or not os.path.isdir(sys.argv[1]):
        fail("usage: make_models.py WORK, a folder with what build_ggml.sh builds")
    work = pathlib.Path(sys.argv[1])
    float16 = work / "gpt2-f16.bin"
    kinds = ("q8_0", "q4_0")
    paths = [work / "ctranslate2-model", float16] + [work / f"gpt2-{kind}.bin" for kind in kinds]
    if all(path.exists() for path in paths):
        return
    free_gb = shutil.disk_usage(work).free / 1e9
    if free_gb < LEAST_FREE_GB:
        fail(f"{work}: {free_gb:.1f} GB are free; the models take {LEAST_FREE_GB}")
    make(paths[0], write_ctranslate2)
    make(float16, write_gpt2)
    program = work / "ggml-build" / "bin" / "gpt-2-quantize"
    for kind, path in zip(kinds, paths[2:]):
        make(path, lambda part: quantize_gpt2(program, float16, kind, part))


if __name__ == "__main__":
    main()
