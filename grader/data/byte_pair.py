"""Byte-pair encoding, trained: from texts to a ranked vocabulary of byte strings.

Texts are cut into words; a word begins as single bytes. Again and again, the two neighbouring parts that occur together
most often become one token, everywhere. Pairs are counted by the bytes that they make together, because this is how
tiktoken merges: it joins any two neighbours that make a known token. Only the words that a merge touches are counted
again, which turns minutes into seconds.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

import regex


def train_vocabulary(texts: Iterable[str], *, size: int, split_pattern: str) -> dict[bytes, int]:
    """A rank for each token: 0 to 255 are the bytes, the others follow in the order in which they were found.

    `size` is the number of tokens. Of pairs that are equally frequent, the first in the order of bytes wins, so the
    same texts always give the same vocabulary.
    """
    ranks = {bytes([byte]): byte for byte in range(256)}
    words = SegmentedWords(texts, split_pattern=split_pattern)
    queue = [(-count, pair) for pair, count in words.pairs.items()]
    heapq.heapify(queue)
    while len(ranks) < size and queue:
        count, token = heapq.heappop(queue)
        if token in ranks or -count != words.pairs[token]:
            continue  # an outdated entry: the present count of each pair has an entry of its own
        ranks[token] = len(ranks)
        for pair in words.merge_all(token, ranks):
            heapq.heappush(queue, (-words.pairs[pair], pair))
    if len(ranks) < size:
        raise ValueError(f"the texts have too few different pairs for {size} tokens: they end at {len(ranks)}")
    return ranks


class SegmentedWords:
    """The distinct words of the texts, each in the parts that it consists of so far.

    `pairs` counts neighbouring parts by the bytes that they make together, over all occurrences of all words.
    """

    def __init__(self, texts: Iterable[str], *, split_pattern: str) -> None:
        split = regex.compile(split_pattern)
        occurrences = Counter(word.encode() for text in texts for word in split.findall(text))
        self.occurrences = list(occurrences.values())
        self.parts = [[bytes([byte]) for byte in word] for word in occurrences]
        self.pairs: Counter[bytes] = Counter()
        self.places: defaultdict[bytes, set[int]] = defaultdict(set)  # in which words a pair occurs
        for index in range(len(self.parts)):
            self._count(index, sign=1)

    def merge_all(self, token: bytes, ranks: dict[bytes, int]) -> set[bytes]:
        """Merge a new token, and known tokens that this lets appear as a pair once more. Returns the changed pairs."""
        changed: set[bytes] = set()
        waiting = {token}
        while waiting:
            known = min(waiting, key=ranks.__getitem__)
            touched = self._merge(known)
            changed |= touched
            waiting = {pair for pair in waiting | touched if pair in ranks and self.pairs[pair] > 0}
        return {pair for pair in changed if self.pairs[pair] > 0}

    def _merge(self, token: bytes) -> set[bytes]:
        """Join every two neighbouring parts that make `token`. Returns the pairs whose counts may have changed."""
        touched: set[bytes] = set()
        for index in sorted(self.places[token]):
            touched |= self._count(index, sign=-1)
            self.parts[index] = joined(self.parts[index], token)
            touched |= self._count(index, sign=1)
        return touched

    def _count(self, index: int, *, sign: int) -> set[bytes]:
        """Add the pairs of one word to the counts (`sign` 1) or take them out (`sign` -1)."""
        parts = self.parts[index]
        pairs = [left + right for left, right in pairwise(parts)]
        for pair in pairs:
            self.pairs[pair] += sign * self.occurrences[index]
            if sign > 0:
                self.places[pair].add(index)
            else:
                self.places[pair].discard(index)
        return set(pairs)


def joined(parts: list[bytes], token: bytes) -> list[bytes]:
    """The parts with every two neighbours that make `token` put together, from left to right."""
    result: list[bytes] = []
    position = 0
    while position < len(parts):
        step = 2 if b"".join(parts[position : position + 2]) == token and parts[position] != token else 1
        result.append(b"".join(parts[position : position + step]))
        position += step
    return result
