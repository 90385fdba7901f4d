"""The batch job in DuckDB, one thread: plain SQL over integer codes, scoring in slices of people. Comparisons in integers.

Ordering by n / f as a double is exact below 2^26 people: the division is rounded correctly, so equal fractions give equal
doubles, and different ones lie further apart than a rounding error. The window itself is compared in integers.
"""


import duckdb

import common

FREQ_MAX, SET_MAX = (1 << common.FREQ_BITS) - 1, (1 << common.SET_BITS) - 1
SLICE_PAIRS = 100_000


def load(db, folder):
    identities, entitlements, assignments = common.paths(folder)
    read = "read_csv('{}', all_varchar = true, header = true)"
    db.execute(f"create table raw as select row_number() over () - 1 as u, * from {read.format(identities)}")
    attributes = sorted(row[0] for row in db.execute("describe raw").fetchall() if row[0] not in ("u", "USR_KEY"))
    parts = [f"select '{a}' as attribute, \"{a}\" as value from raw where \"{a}\" is not null group by all" for a in attributes]
    db.execute(
        f"create table items as select row_number() over (order by attribute, value) as i, * from ({' union all '.join(parts)})"
    )
    joins = " ".join(
        f"left join items i{n} on i{n}.attribute = '{a}' and i{n}.value = raw.\"{a}\"" for n, a in enumerate(attributes)
    )
    columns = ", ".join(f"i{n}.i as a{n}" for n in range(len(attributes)))
    db.execute(f"create table users as select raw.u, raw.USR_KEY, {columns} from raw {joins}")
    db.execute(f"create table catalog as select row_number() over () - 1 as e, ENT from {read.format(entitlements)}")
    db.execute(
        f"create table held as select u, e from {read.format(assignments)} join users using (USR_KEY) join catalog using (ENT)"
        " order by u"
    )
    return attributes


def count(db, sets):
    (base,) = db.execute("select count(*) + 1 from items").fetchone()
    keys = []
    for number, s in enumerate(sets):
        places = [f"a{s[i]}" if i < len(s) else "0" for i in range(3)]
        packed = "0::bigint"
        for place in places:
            packed = f"({packed} * {base} + {place})"
        present = " and ".join(f"a{position} is not null" for position in s)
        keys.append(f"select u, {number} as s, {packed} as key from users where {present}")
    db.execute(f"create table applies as {' union all '.join(keys)}")
    db.execute(
        "create table itemsets as select row_number() over () - 1 as k, key, any_value(s) as s, count(*) as f"
        f" from applies group by key having count(*) >= {common.MIN_SUPPORT}"
    )
    db.execute("create table member as select u, k::integer as k, s::integer as s, f::integer as f from applies join itemsets using (key, s) order by u")
    db.execute("drop table applies")
    (entitlements,) = db.execute("select count(*) from catalog").fetchone()
    db.execute(
        f"create table rules as select k::bigint * {entitlements} + e as g, count(*)::integer as n"
        f" from held join member using (u) group by g having count(*) >= {common.MIN_SUPPORT}"
    )
    return base, entitlements


def find_candidates(db, entitlements):
    """Pairs that are not held and to which at least one rule at or above the threshold applies."""
    db.execute(
        f"create table strong as select k, (g % {entitlements}) as e from rules"
        f" join itemsets on k = g // {entitlements}"
        f" where n * {common.WHOLE} >= f * {common.THRESHOLD} and n < f"
    )
    db.execute(
        "create table candidates as select distinct member.u, strong.e from strong join member using (k)"
        " anti join held on held.u = member.u and held.e = strong.e"
    )


def score(db, pairs, into, people, entitlements):
    """The chosen rule of each pair (u, e), packed in one number; pairs to which no rule applies are left out."""
    db.execute(f"create table {into} (u bigint, e bigint, chosen bigint)")
    (total,) = db.execute(f"select count(*) from {pairs}").fetchone()
    slices = max(1, round(total / SLICE_PAIRS))
    whole, window = common.WHOLE, common.WINDOW
    for number in range(slices):
        low, high = people * number // slices, people * (number + 1) // slices
        db.execute(
            f"create or replace temp table found as select p.u * {entitlements} + p.e as pair, m.s, m.f, r.n"
            f" from {pairs} p join member m on m.u = p.u join rules r on r.g = m.k::bigint * {entitlements} + p.e"
            f" where p.u >= {low} and p.u < {high} and m.u >= {low} and m.u < {high}"
        )
        db.execute(
            f"insert into {into} with best as (select pair, arg_max(n, n / f) as bn, arg_max(f, n / f) as bf from found group by pair)"
            f" select pair // {entitlements}, pair % {entitlements},"
            f" max(((n::bigint << {common.FREQ_BITS}) + {FREQ_MAX} - f << {common.SET_BITS}) + {SET_MAX} - s) from found join best using (pair)"
            f" where n::bigint * {whole} * bf >= (bn::bigint * {whole} - bf * {window}) * f group by pair"
        )


def unpacked(table):
    return (
        f"(select u, e, chosen >> {common.FREQ_BITS + common.SET_BITS} as n,"
        f" {FREQ_MAX} - ((chosen >> {common.SET_BITS}) & {FREQ_MAX}) as f, {SET_MAX} - (chosen & {SET_MAX}) as s from {table})"
    )


def run(folder, clock):
    db = duckdb.connect(config={"threads": 1})
    attributes = load(db, folder)
    sets = common.attribute_sets(attributes)
    (people,) = db.execute("select count(*) from users").fetchone()
    base, entitlements = count(db, sets)
    score(db, "held", "predicted", people, entitlements)
    find_candidates(db, entitlements)
    score(db, "candidates", "scored", people, entitlements)
    db.execute(
        f"create table recommended as select * from {unpacked('scored')}"
        f" where n * {common.WHOLE} >= f * {common.THRESHOLD}"
    )
    clock.stop()

    items = f"key // {base * base} as i0, key // {base} % {base} as i1, key % {base} as i2"
    answer = {
        "itemsets": digest(db, f"select f, {items} from itemsets", 4),
        "rules": digest(
            db, f"select g % {entitlements} as e, n, f, {items} from rules join itemsets on k = g // {entitlements}", 6
        ),
        "predictions": digest(db, with_items(unpacked("predicted"), sets), 7),
        "recommendations": digest(db, with_items("recommended", sets), 7),
    }
    (pairs, scored) = db.execute("select (select count(*) from held), (select count(*) from predicted)").fetchone()
    return answer | {"notScored": pairs - scored}


def with_items(table, sets):
    items = []
    for i in range(3):
        cases = " ".join(f"when {number} then a{s[i]}" for number, s in enumerate(sets) if i < len(s))
        items.append(f"case s {cases} else 0 end as i{i}" if cases else f"0 as i{i}")
    return f"select u, e, n, f, {', '.join(items)} from {table} join users using (u)"


def digest(db, query, columns):
    rows = f"({query}) as t({', '.join(f'c{i}' for i in range(columns))})"
    (total,) = db.execute(f"select count(*) from {rows}").fetchone()
    sums = []
    for prime in common.PRIMES:
        h = "0::bigint"
        steps = "select * from " + rows
        for i in range(columns):
            steps = f"select *, ({h} * {h} + c{i}::bigint * {common.FACTOR} + 1) % {prime} as h{i} from ({steps})"
            h = f"h{i}"
        sums.append(db.execute(f"select coalesce(sum(({h} * {h} + 1) % {prime}), 0) from ({steps})").fetchone()[0])
    return common.digest(total, sums)


if __name__ == "__main__":
    common.main("duckdb", run)
