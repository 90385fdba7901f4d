//! The whole job in differential dataflow, one worker, exact: itemset and rule counts, the chosen rule of every assignment
//! and all recommendations, kept up to date event by event.
//!
//! usage: whole-job FILE. Lines of FILE: `I user item` and `A user entitlement` load the company; `E` begins an event, made
//! of `+I`, `-I`, `+A`, `-A` lines. All are numbers; items are numbered in the order of the tie-break, from 1, below 2^20.
//! Prints one JSON line. A digest is the one of `benchmarks/digest.ts`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

use differential_dataflow::input::InputSession;
use timely::dataflow::operators::probe::Handle;

const MIN_SUPPORT: u32 = 3;
const WHOLE: u64 = 100;
const WINDOW: u64 = 5;
const THRESHOLD: u64 = 80;

/// An itemset: its length, then up to three items; its order is that of the tie-break.
type Set = u64;
/// (freqUnion, freq, itemset)
type Rule = (u32, u32, Set);
/// (user, entitlement, is a recommendation, rule)
type Row = (u32, u32, bool, Rule);

fn pack(items: &[u32]) -> Set {
    let item = |i: usize| *items.get(i).unwrap_or(&0) as u64;
    (items.len() as u64) << 60 | item(0) << 40 | item(1) << 20 | item(2)
}

fn unpack(set: Set) -> [u64; 3] {
    let mask = (1 << 20) - 1;
    [set >> 40 & mask, set >> 20 & mask, set & mask]
}

fn subsets(items: &[u32], mut visit: impl FnMut(Set)) {
    for (i, a) in items.iter().enumerate() {
        visit(pack(&[*a]));
        for (j, b) in items.iter().enumerate().skip(i + 1) {
            visit(pack(&[*a, *b]));
            for c in &items[j + 1..] {
                visit(pack(&[*a, *b, *c]));
            }
        }
    }
}

fn choose(rules: &[(&Rule, isize)]) -> Rule {
    let (mut best_union, mut best_freq) = (0, 1);
    for ((union, freq, _), _) in rules {
        if *union as u64 * best_freq > best_union * *freq as u64 {
            (best_union, best_freq) = (*union as u64, *freq as u64);
        }
    }
    rules
        .iter()
        .map(|(rule, _)| **rule)
        .filter(|(union, freq, _)| {
            *union as u64 * best_freq * WHOLE + WINDOW * best_freq * *freq as u64 >= best_union * WHOLE * *freq as u64
        })
        .min_by_key(|(union, freq, set)| (u32::MAX - union, *freq, *set))
        .unwrap()
}

fn is_strong(union: u32, freq: u32) -> bool {
    union as u64 * WHOLE >= THRESHOLD * freq as u64
}

enum Change {
    Item(u32, u32, isize),
    Assignment(u32, u32, isize),
}

fn read(path: &str) -> (Vec<Change>, Vec<Vec<Change>>) {
    let text = std::fs::read_to_string(path).expect("the file must be readable");
    let (mut load, mut events) = (Vec::new(), Vec::<Vec<Change>>::new());
    for line in text.lines() {
        if line == "E" {
            events.push(Vec::new());
            continue;
        }
        let mut words = line.split(' ');
        let kind = words.next().unwrap();
        let mut number = || words.next().expect("two numbers").parse::<u32>().expect("a number");
        let (a, b) = (number(), number());
        let change = match kind {
            "I" | "+I" => Change::Item(a, b, 1),
            "-I" => Change::Item(a, b, -1),
            "A" | "+A" => Change::Assignment(a, b, 1),
            "-A" => Change::Assignment(a, b, -1),
            _ => panic!("unknown line {line}"),
        };
        events.last_mut().unwrap_or(&mut load).push(change);
    }
    (load, events)
}

fn main() {
    let (load, events) = read(&std::env::args().nth(1).expect("usage: whole-job FILE"));
    timely::execute_directly(move |worker| {
        let view = Rc::new(RefCell::new(HashMap::<Row, isize>::new()));
        let deltas = Rc::new(RefCell::new(0u64));
        let probe = Handle::new();
        let mut items: InputSession<u32, (u32, u32), isize> = InputSession::new();
        let mut held: InputSession<u32, (u32, u32), isize> = InputSession::new();
        worker.dataflow(|scope| {
            let items = items.to_collection(scope);
            let held = held.to_collection(scope);
            let sets = items.reduce(|_user, items, output| {
                let items: Vec<u32> = items.iter().map(|(item, _)| **item).collect();
                subsets(&items, |set| output.push((set, 1)));
            });
            let sets_of_user = sets.clone().arrange_by_key();
            let users_of_set = sets.map(|(user, set)| (set, user)).arrange_by_key();
            let freq = users_of_set.clone().as_collection(|set, _user| *set).count();
            let freq = freq.filter(|(_, freq)| *freq >= MIN_SUPPORT as isize).arrange_by_key();
            let rules = held
                .clone()
                .arrange_by_key()
                .join_core(sets_of_user.clone(), |_user, entitlement, set| Some((*set, *entitlement)))
                .count()
                .filter(|(_, union)| *union >= MIN_SUPPORT as isize)
                .map(|((set, entitlement), union)| (set, (entitlement, union as u32)))
                .arrange_by_key()
                .join_core(freq, |set, (entitlement, union), freq| Some(((*set, *entitlement), (*union, *freq as u32))));
            let strong = rules
                .clone()
                .filter(|(_, (union, freq))| is_strong(*union, *freq) && union < freq)
                .map(|(rule, _)| rule)
                .arrange_by_key();
            let reached = strong.join_core(users_of_set, |_set, entitlement, user| Some((*user, *entitlement)));
            let chosen = held
                .clone()
                .concat(reached)
                .distinct()
                .arrange_by_key()
                .join_core(sets_of_user, |user, entitlement, set| Some(((*set, *entitlement), *user)))
                .arrange_by_key()
                .join_core(rules.arrange_by_key(), |(set, entitlement), user, (union, freq)| {
                    Some(((*user, *entitlement), (*union, *freq, *set)))
                })
                .reduce(|_pair, rules, output| {
                    let rules: Vec<(&Rule, isize)> = rules.iter().map(|(rule, count)| (*rule, *count)).collect();
                    output.push((choose(&rules), 1));
                });
            let predictions = chosen.clone().semijoin(held.clone()).map(|((u, e), rule)| (u, e, false, rule));
            let recommendations = chosen
                .antijoin(held)
                .filter(|(_, (union, freq, _))| is_strong(*union, *freq))
                .map(|((u, e), rule)| (u, e, true, rule));
            let (view, deltas) = (view.clone(), deltas.clone());
            predictions
                .concat(recommendations)
                .consolidate()
                .inspect(move |(row, _, count)| {
                    *view.borrow_mut().entry(*row).or_insert(0) += count;
                    *deltas.borrow_mut() += 1;
                })
                .probe_with(&probe);
        });

        let mut apply = |changes: &[Change], time: u32| {
            for change in changes {
                match change {
                    Change::Item(user, item, count) => items.update((*user, *item), *count),
                    Change::Assignment(user, entitlement, count) => held.update((*user, *entitlement), *count),
                }
            }
            items.advance_to(time);
            held.advance_to(time);
            items.flush();
            held.flush();
            worker.step_while(|| probe.less_than(&time));
        };
        let started = Instant::now();
        apply(&load, 1);
        let load_seconds = started.elapsed().as_secs_f64();
        *deltas.borrow_mut() = 0;
        let mut milliseconds = Vec::new();
        let cpu_before = cpu_seconds();
        let started = Instant::now();
        for (number, event) in events.iter().enumerate() {
            let began = Instant::now();
            apply(event, number as u32 + 2);
            milliseconds.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        let (seconds, cpu_seconds) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu_before);
        milliseconds.sort_by(f64::total_cmp);
        let at = |share: f64| milliseconds.get((share * events.len() as f64) as usize).copied().unwrap_or(0.0);
        let view = view.borrow();
        println!(
            concat!(
                "{{\"loadSeconds\":{:.3},\"events\":{},\"seconds\":{:.3},\"cpuSeconds\":{:.3},\"eventsPerSecond\":{:.2},\"p50Ms\":{:.3},\"p99Ms\":{:.3},",
                "\"deltas\":{},\"peakBytes\":{},\"answer\":{{\"predictions\":\"{}\",\"recommendations\":\"{}\"}}}}"
            ),
            load_seconds,
            events.len(),
            seconds,
            cpu_seconds,
            events.len() as f64 / seconds,
            at(0.5),
            at(0.99),
            deltas.borrow(),
            peak_bytes(),
            digest(&view, false),
            digest(&view, true),
        );
    });
}

fn digest(view: &HashMap<Row, isize>, recommendations: bool) -> String {
    let (mut count, mut sums) = (0, [0u64; 2]);
    for ((user, entitlement, kind, (union, freq, set)), times) in view {
        assert!(*times == 0 || *times == 1, "a pair stands in the view once");
        if *times == 0 || *kind != recommendations {
            continue;
        }
        count += 1;
        let [a, b, c] = unpack(*set);
        for (sum, prime) in sums.iter_mut().zip([67_108_859u64, 67_108_837]) {
            let row = [*user as u64, *entitlement as u64, *union as u64, *freq as u64, a, b, c, 0];
            *sum += row.iter().fold(0, |h, value| (h * h + value * 4093 + 1) % prime);
        }
    }
    format!("{count}:{:x}:{:x}", sums[0], sums[1])
}

/// Processor time of the only thread so far (Linux; 0 elsewhere).
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|word| word.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

/// Most memory that the process ever held (Linux; 0 elsewhere).
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or(0) * 1024
}
