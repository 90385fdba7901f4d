"""What every batch peer shares: its arguments, the digest of an answer, and the report that it prints."""

import json
import os
import resource
import sys
import time
from itertools import combinations

MIN_SUPPORT = 3
MAX_RULE_LENGTH = 3
# Fractions of 100: confidenceWindow 0.05, recommendThreshold 0.80.
WINDOW, THRESHOLD, WHOLE = 5, 80, 100

# A digest is the number of rows and two sums of hashes, one for each prime: row order does not matter. The hash of a row
# of numbers: start with 0; for each number v, and 0 at the end, h = (h * h + v * FACTOR + 1) mod prime. It fits a double:
# h * h < 2^52.
PRIMES = (67108859, 67108837)
FACTOR = 4093

# A chosen rule in one number, larger is better: freqUnion, then the smaller freq, then the earlier attribute set.
FREQ_BITS, SET_BITS = 20, 10


def attribute_sets(attributes):
    """The attribute sets of all itemsets, in the order of the tie-break: fewer first, then by sorted attributes."""
    positions = range(len(attributes))
    return [s for length in range(1, MAX_RULE_LENGTH + 1) for s in combinations(positions, length)]


def row_hash(row, prime):
    h = 0
    for value in (*row, 0):
        h = (h * h + value * FACTOR + 1) % prime
    return h


def digest(count, sums):
    return f"{count}:{int(sums[0]):x}:{int(sums[1]):x}"


def main(name, run):
    """Runs `run(folder, clock)` → the digests of the answer, and prints one JSON line."""
    clock = Clock()
    answer = run(sys.argv[1], clock)
    print(json.dumps({"peer": name, **clock.figures, "answer": answer}))


class Clock:
    """Runs from its making to `stop()`, which comes before the digest: time, processor time, peak memory so far."""

    def __init__(self):
        self.started = time.perf_counter(), time.process_time()
        self.figures = {}

    def stop(self):
        self.figures = {
            "seconds": round(time.perf_counter() - self.started[0], 3),
            "cpuSeconds": round(time.process_time() - self.started[1], 3),
            "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }


def paths(folder):
    return tuple(os.path.join(folder, f"{name}.csv") for name in ("identities", "entitlements", "assignments"))
