"""The batch job in Polars, one thread, one attribute set at a time: group, count, join. All comparisons in integers."""

import os

os.environ["POLARS_MAX_THREADS"] = "1"

import polars as pl  # noqa: E402

import common  # noqa: E402


def load(folder):
    """users: row number u and item codes a0…; held: (u, e); both as dense integers. Codes are ranks of (attribute, value)."""
    identities, entitlements, assignments = common.paths(folder)
    raw = pl.read_csv(identities, infer_schema=False)
    attributes = sorted(name for name in raw.columns if name != "USR_KEY")
    columns, first = [], 1
    for position, name in enumerate(attributes):
        values = raw[name].drop_nulls().unique().sort()
        codes = raw[name].cast(pl.Enum(values)).to_physical().cast(pl.Int64) + first
        columns.append(codes.alias(f"a{position}"))
        first += len(values)
    users = pl.DataFrame(columns).with_row_index("u")
    names = raw.select("USR_KEY").with_row_index("u")
    catalog = pl.read_csv(entitlements, infer_schema=False, columns=["ENT"]).with_row_index("e")
    rows = pl.read_csv(assignments, infer_schema=False, columns=["USR_KEY", "ENT"])
    held = rows.join(names, on="USR_KEY").join(catalog, on="ENT").select("u", pl.col("e").cast(pl.Int64))
    return users, held, attributes, len(catalog), first


def count(users, held, sets, entitlements, base):
    """For each attribute set: frequent groups (k, f, items), every user's group, and the rules (g = k * entitlements + e)."""
    tables = []
    for s in sets:
        packed = pl.lit(0, pl.Int64)
        for position in s:
            packed = packed * base + pl.col(f"a{position}")
        keys = users.select(packed.alias("key"))
        groups = keys.drop_nulls().group_by("key").len("f").filter(pl.col("f") >= common.MIN_SUPPORT)
        groups = groups.with_row_index("k").with_columns(pl.col("k").cast(pl.Int64), pl.col("f").cast(pl.Int64))
        member = keys.join(groups, on="key", how="left", maintain_order="left").select("k", "f")
        pairs = held.select((member["k"].gather(held["u"]) * entitlements + pl.col("e")).alias("g")).to_series()
        rules = pairs.drop_nulls().to_frame().group_by("g").len("n").filter(pl.col("n") >= common.MIN_SUPPORT)
        tables.append((groups, member, rules.with_columns(pl.col("n").cast(pl.Int32))))
    return tables


def near_recommendations(held, tables, entitlements):
    """Pairs that are not held and to which at least one rule at or above the threshold applies."""
    pair = pl.col("u").cast(pl.Int64) * entitlements + pl.col("e")
    known = held.select(pair.alias("pair"))
    found = []
    for groups, member, rules in tables:
        strong = rules.select("n", (pl.col("g") // entitlements).alias("k"), (pl.col("g") % entitlements).alias("e"))
        strong = strong.with_columns(groups["f"].gather(strong["k"]).alias("f")).filter(
            (pl.col("n") * common.WHOLE >= pl.col("f") * common.THRESHOLD) & (pl.col("n") < pl.col("f"))
        )
        members = member.select("k").with_row_index("u").drop_nulls()
        found.append(strong.select("k", "e").join(members, on="k").select(pair.alias("pair")))
    pairs = pl.concat(found).unique().join(known, on="pair", how="anti")
    return pairs.select((pl.col("pair") // entitlements).cast(pl.UInt32).alias("u"), (pl.col("pair") % entitlements).alias("e"))


def score(pairs, tables, entitlements):
    """The chosen rule of each pair (u, e), packed in one number; null where no rule applies."""
    unions = []
    best_n, best_f = pl.repeat(0, len(pairs), dtype=pl.Int64, eager=True), pl.repeat(1, len(pairs), dtype=pl.Int64, eager=True)
    for _, member, rules in tables:
        own = pairs.select(member["k"].gather(pairs["u"]).alias("k") * entitlements + pl.col("e")).rename({"k": "g"})
        n = own.join(rules, on="g", how="left", maintain_order="left")["n"]
        unions.append(n)
        step = pl.DataFrame({"n": n.cast(pl.Int64), "f": member["f"].gather(pairs["u"]), "bn": best_n, "bf": best_f})
        better = pl.col("n") * pl.col("bf") > pl.col("bn") * pl.col("f")
        step = step.select(
            pl.when(better).then("n").otherwise("bn").alias("bn"), pl.when(better).then("f").otherwise("bf").alias("bf")
        )
        best_n, best_f = step["bn"], step["bf"]
    chosen = pl.repeat(0, len(pairs), dtype=pl.Int64, eager=True)
    for position, (_, member, _) in enumerate(tables):
        step = pl.DataFrame(
            {"n": unions[position].cast(pl.Int64), "f": member["f"].gather(pairs["u"]), "bn": best_n, "bf": best_f, "chosen": chosen}
        )
        unions[position] = None
        whole = common.WHOLE
        near = pl.col("n") * whole * pl.col("bf") >= (pl.col("bn") * whole - pl.col("bf") * common.WINDOW) * pl.col("f")
        freq_max, set_max = (1 << common.FREQ_BITS) - 1, (1 << common.SET_BITS) - 1
        rank = (pl.col("n") * (1 << common.FREQ_BITS) + (freq_max - pl.col("f"))) * (1 << common.SET_BITS) + (set_max - position)
        chosen = step.select(pl.when(near & (rank > pl.col("chosen"))).then(rank).otherwise("chosen").alias("chosen"))["chosen"]
    return pairs.with_columns(chosen)


def unpack(scored):
    freq_max, set_max = (1 << common.FREQ_BITS) - 1, (1 << common.SET_BITS) - 1
    return scored.filter(pl.col("chosen") > 0).with_columns(
        (pl.col("chosen") // (1 << (common.FREQ_BITS + common.SET_BITS))).alias("n"),
        (freq_max - (pl.col("chosen") // (1 << common.SET_BITS)) % (1 << common.FREQ_BITS)).alias("f"),
        (set_max - pl.col("chosen") % (1 << common.SET_BITS)).alias("s"),
    )


def run(folder, clock):
    users, held, attributes, entitlements, base = load(folder)
    sets = common.attribute_sets(attributes)
    tables = count(users, held, sets, entitlements, base)
    scored = score(held, tables, entitlements)
    candidates = near_recommendations(held, tables, entitlements)
    recommended = unpack(score(candidates, tables, entitlements))
    recommended = recommended.filter(pl.col("n") * common.WHOLE >= pl.col("f") * common.THRESHOLD)
    predicted = unpack(scored)
    clock.stop()
    itemsets = pl.concat([items_of(groups, s, base) for (groups, _, _), s in zip(tables, sets)])
    rules = pl.concat(
        [
            r.with_columns((pl.col("g") // entitlements).alias("k"), (pl.col("g") % entitlements).alias("e"))
            .join(items_of(g, s, base), on="k")
            .select("e", pl.col("n").cast(pl.Int64), "f", "i0", "i1", "i2")
            for (g, _, r), s in zip(tables, sets)
        ]
    )
    answer = {
        "itemsets": digest(itemsets.select("f", "i0", "i1", "i2")),
        "rules": digest(rules),
        "predictions": digest(with_items(predicted, users, sets)),
        "recommendations": digest(with_items(recommended, users, sets)),
        "notScored": len(held) - len(predicted),
    }
    return answer


def items_of(groups, s, base):
    places = [((pl.col("key") // base ** (len(s) - 1 - i)) % base) if i < len(s) else pl.lit(0, pl.Int64) for i in range(3)]
    return groups.select("k", "f", *[place.alias(f"i{i}") for i, place in enumerate(places)])


def with_items(pairs, users, sets):
    joined = pairs.join(users, on="u", how="left")
    item = [pl.lit(0, pl.Int64)] * 3
    for position, s in enumerate(sets):
        for i, attribute in enumerate(s):
            item[i] = pl.when(pl.col("s") == position).then(f"a{attribute}").otherwise(item[i])
    return joined.select("u", "e", "n", "f", *[expression.alias(f"i{i}") for i, expression in enumerate(item)])


def digest(rows):
    sums = []
    for prime in common.PRIMES:
        h = pl.lit(0, pl.Int64)
        for column in rows.columns:
            h = (h * h + pl.col(column).cast(pl.Int64) * common.FACTOR + 1) % prime
        h = (h * h + 1) % prime
        sums.append(rows.select(h.sum()).item())
    return common.digest(len(rows), sums)


if __name__ == "__main__":
    common.main("polars", run)
