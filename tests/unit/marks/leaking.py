"""Codes of many organisations, and leaks made of their lists, for tests of tracing."""

from __future__ import annotations

import numpy as np

from quietline.marks import OnFile, Reach, biases, codeword

SECRET = bytes(range(32))


class Pool:
    """Canaries that are all in force, and organisations whose lists hold them."""

    def __init__(self, count, organisations, *, batch="batch-1"):
        self.bias = biases(SECRET, batch, count)
        self.codes = np.array([codeword(SECRET, batch, f"O{i}", self.bias) for i in range(organisations)])
        self.reach = Reach(np.arange(count))

    @property
    def on_file(self):
        return [OnFile(f"list of O{i}", f"O{i}", self.reach, code) for i, code in enumerate(self.codes)]


def leaked(codes, way, random, *, share=1.0, lost=0.1):
    """Give the canaries found in a leak made of the lists with these codes: put together, cut down, lines left out."""
    codes = np.asarray(codes)
    if way == "joined":
        whole = codes.any(axis=0)
    elif way == "common":
        whole = codes.all(axis=0)
    else:  # each line of the leak is from one of the lists
        whole = codes[random.integers(len(codes), size=codes.shape[1]), np.arange(codes.shape[1])]
    return whole & (random.random(codes.shape[1]) < share * (1 - lost))
