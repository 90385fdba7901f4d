"""The batch job in plain Python with exact fractions: slow and obvious, for small companies only."""

import csv
from collections import defaultdict
from fractions import Fraction
from itertools import combinations

import common


def run(folder, clock):
    identities, entitlements, assignments = (list(csv.DictReader(open(p, encoding="utf-8"))) for p in common.paths(folder))
    users = [row["USR_KEY"] for row in identities]
    codes = {row["ENT"]: code for code, row in enumerate(entitlements)}
    items = sorted({(a, v) for row in identities for a, v in row.items() if a != "USR_KEY" and v})
    rank = {item: code + 1 for code, item in enumerate(items)}
    sets, held, freq = {}, defaultdict(set), defaultdict(int)
    for user, row in enumerate(identities):
        own = sorted(rank[a, v] for a, v in row.items() if a != "USR_KEY" and v)
        sets[user] = [s for length in range(1, common.MAX_RULE_LENGTH + 1) for s in combinations(own, length)]
        for s in sets[user]:
            freq[s] += 1
    index = {user: code for code, user in enumerate(users)}
    for row in assignments:
        held[index[row["USR_KEY"]]].add(codes[row["ENT"]])
    union = defaultdict(int)
    for user, own in held.items():
        for s in sets[user]:
            for e in own:
                union[s, e] += 1
    rules = {key: n for key, n in union.items() if n >= common.MIN_SUPPORT}

    def choose(user, e):
        found = [(rules[s, e], freq[s], s) for s in sets[user] if (s, e) in rules]
        if not found:
            return None
        least = max(Fraction(n, f) for n, f, _ in found) - Fraction(common.WINDOW, common.WHOLE)
        near = [(n, f, s) for n, f, s in found if Fraction(n, f) >= least]
        return min(near, key=lambda r: (-r[0], -Fraction(r[0], r[1]), len(r[2]), r[2]))

    predictions, recommendations, unscored = [], [], 0
    entitled = sorted({e for _, e in rules})
    for user in range(len(users)):
        for e in sorted(set(entitled) | held[user]):
            chosen = choose(user, e)
            if e in held[user]:
                unscored += chosen is None
            if chosen is None:
                continue
            n, f, s = chosen
            row = (user, e, n, f, *s, *(0,) * (3 - len(s)))
            if e in held[user]:
                predictions.append(row)
            elif Fraction(n, f) >= Fraction(common.THRESHOLD, common.WHOLE):
                recommendations.append(row)
    clock.stop()
    pad = lambda s: (*s, *(0,) * (3 - len(s)))
    tables = {
        "itemsets": [(n, *pad(s)) for s, n in freq.items() if n >= common.MIN_SUPPORT],
        "rules": [(e, n, freq[s], *pad(s)) for (s, e), n in rules.items()],
        "predictions": predictions,
        "recommendations": recommendations,
    }
    answer = {
        name: common.digest(len(rows), [sum(common.row_hash(row, p) for row in rows) for p in common.PRIMES])
        for name, rows in tables.items()
    }
    return answer | {"notScored": unscored}


if __name__ == "__main__":
    common.main("oracle", run)
