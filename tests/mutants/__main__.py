"""Small changes to the program that some test must notice: `python -m tests.mutants --sample 60`.

A change, a mutant, is made while its module is imported in a child process: the working tree is
never touched. Those tests run that call the changed function, the quickest first, those of later
wings last and for some time, until one fails. What was tried is kept in .mutants: a run goes on
where it was stopped.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import _lru_cache_wrapper
from itertools import accumulate
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, TypeAlias, cast

from tests.mutants.mutant import PACKAGE, ROOT, Changed, Mutant, mutants

WINGS = ("maths", "model", "run", "explain", "learn", "files")
LATER = ("lessons", "session", "exports", "plain", "tui")
"""Wings whose tests are asked as well; those of others start processes, which no change reaches."""
KEPT = ROOT / ".mutants"
"""What is known of tests and mutants; git ignores it."""
EQUIVALENT = {
    ("learn/formulas.py", "Num(1.0)  →  Num(2.0)"): "the whole formula is refused for its shape",
    ("learn/by_hand.py", "parts[Diff(Num(1.0), part)]  →  parts[Diff(part, Num(1.0))]"): (
        "its size alone is looked at"
    ),
    **{
        ("learn/probes.py", f"{number}  →"): "any numbers do that are those of no run"
        for number in (0.37, 0.83, 0.71, 0.19, 0.23, 0.53, 6.0)
    },
    ("learn/diagnosis.py", "abs(exponent - near) < 0.001  →  abs(exponent - near) <="): (
        "no logarithm lies just there"
    ),
    ("learn/trial.py", "round(1 / abs(ratio), 9)"): "what rounding leaves is far smaller",
    (
        "explain/gradient_check.py",
        "perturbation.quotients(i, j).judged(i, j, 0, float(analytic[i, j]))  →  "
        "perturbation.quotients(i, j).judged(i, j, -1",
    ): "it is the only one",
    ("files/draft.py", "faults[symbol] = f'cannot be computed"): "the check reads it once more",
    **{
        ("files/toml_text.py", f"same({a}, {b})  →  same({b}, {a})"): "they are alike either way"
        for a, b in (
            ("before", "document"),
            ("tomllib.loads(result)", "document"),
            ("a[key]", "b[key]"),
            ("value", "now"),
            ("value", "after[key]"),
            ("value", "left[0]"),
        )
    },
    ("learn/by_hand.py", "abs(q - x) <= 0.5000001 * unit  →  abs(q - x) <"): (
        "no number lies just there"
    ),
    (
        "learn/effect.py",
        "not changes_nothing(self.timeline, self.wrong, iteration)  →  not changes_nothing(self.w",
    ): "two runs differ whichever comes first",
    ("learn/effect.py", "not _same(result, results[symbol])  →  not _same(results"): (
        "what is alike is of one size"
    ),
    ("learn/trial.py", "ratios[0]  →  ratios[-1]"): "those of a multiple are alike",
    ("explain/gradient_check.py", "10 * self.noise  →  11"): "a margin: no peak lies just there",
    ("files/overrides.py", "batch > len(X)  →  batch >="): "a batch of all examples is all of them",
    ("run/history.py", "known[0]  →  known[-1]"): "it is the only one",
    ("learn/formulas.py", "Mul(x, y)  →  Mul(y, x)"): "its shape alone is looked at",
    ("learn/rewrites.py", "m + 1  →  m + 2"): "any other number of examples does",
    ("run/many.py", "-1  →  -2"): "NumPy takes any negative number for the one that is unknown",
    ("files/checks.py", "edit.get('iteration') or 1  →  edit.get('iteration') or 0"): (
        "neither is later than the first"
    ),
    ("learn/answers.py", "number * right > 0  →  number * right >= 0"): (
        "0 is told before, and 0 as the right number lies in none of the ranges"
    ),
    ("learn/votes.py", "likely + more < least  →"): "nothing is added by no rank, and is not less",
    ("learn/effect.py", "times >= LARGER  →  times > LARGER"): "no ratio lies just there",
    ("learn/votes.py", "choice.number < 0  →  choice.number <= 0"): "0 has no twin",
    ("learn/diagnosis.py", "right > 0  →  right > -1"): "what is not beside is above or below",
    ("learn/questions.py", "abs(wrong.number) > VANISHES  →  abs(wrong.number) >="): (
        "no number lies just there"
    ),
    ("files/autosave.py", "os.urandom(4)  →"): "a name of any length will do",
    ("maths/rules.py", "e.args[0]  →  e.args[-1]"): "a softmax has one argument",
    ("explain/provenance.py", "found[1] or 0  →"): "cells are counted from 1: None comes first",
    ("explain/in_matrices.py", "terms[0]  →  terms[-1]"): "there is one term then",
    ("learn/own_arrays.py", "ways[0]  →  ways[-1]"): "there is one way then",
    ("explain/gradient_check.py", "H / 2  →  H / 3"): "any other width will do",
    (
        "files/csv_data.py",
        "np.where(deviation > 0, deviation, 1.0)  →  np.where(deviation > 0, dev",
    ): ("a constant column is 0 whatever it is divided by"),
    ("explain/advice.py", "~correct(A, Y)  →"): "no output is NaN where the loss is finite",
    ("files/reading.py", "most + 1  →  most + 2"): "one byte too many is enough",
    ("maths/entries.py", "p[0] < 0  →  p[0] <= 0"): "what is multiplied by 0 is left out",
    **{
        (
            "maths/normal_form.py",
            f"{number} < 0  →  {number} <= 0",
        ): "powers and terms of 0 are gone"
        for number in ("n", "c")
    },
    (
        "maths/normal_form.py",
        "range(2, LARGEST_BELOW)  →  range(1,",
    ): "a whole number is over 1 too",
    ("maths/numbers.py", "value < limit  →  value <= limit"): "they are not equal there",
    **{
        ("model/rows.py", f"{joined}  →"): "any of the axes that are alike may stand for them"
        for joined in (
            "found.join(found.of(step.expression), found.of(step.target))",
            "self.join((inner, None), (outer, None))",
        )
    },
    ("model/rows.py", "right.architecture.shapes(2)  →  right.architecture.shapes(3)"): (
        "any number but 1 will do"
    ),
    (
        "model/experiment.py",
        "self.given.keys() >= shapes.keys()  →",
    ): "what is given is taken anyway",
    ("model/backward.py", "len(terms) == 1  →  len(terms) == 0"): "tidy leaves no sum of one",
    ("run/training.py", "targets[0]  →  targets[-1]"): "there is one target then",
    (
        "run/history.py",
        "first > 1  →  first > 2",
    ): "the first iteration's beginning is known anyway",
    ("run/keyframes.py", "np.empty(0)  →  np.empty(1)"): "room behind the known ones is never read",
    ("model/algorithm.py", "(network.layers[-1], 2)  →"): "no loss adds over examples",
    ("model/own.py", "alike and np.allclose(found, right"): "the difference has no side",
}
"""Mutants that no test can notice, by module and how the change begins, each with the reason."""
KILLED = ("killed", "timed out")
FIRST = 25
"""How many tests run before the others are even collected: most mutants end there."""
PATIENCE = 90.0
"""How many seconds of CPU, as measured with a trace, are given to tests of later wings."""

Reached: TypeAlias = dict[str, tuple[float, list[str]]]
"""Tests by their ids: how many seconds of CPU each takes, and the functions that it calls."""


class Watch:
    """A plugin of pytest: what each test calls, and how long it takes."""

    def __init__(self) -> None:
        self.found: Reached = {}
        self.failed: set[str] = set()

    def pytest_runtest_protocol(self, item: Any, nextitem: Any) -> None:
        called: set[CodeType] = set()
        for held in gc.get_objects():  # what an earlier test left is computed, and so called, anew
            if isinstance(held, _lru_cache_wrapper) and held.__module__.startswith(PACKAGE.name):
                held.cache_clear()

        def trace(frame: FrameType, event: str, arg: object) -> None:
            called.add(frame.f_code)

        self._note, self._begun = (item.nodeid, called), time.process_time()
        threading.settrace(trace)
        sys.settrace(trace)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.add(report.nodeid)
        if report.when == "teardown" and report.nodeid not in self.failed:
            sys.settrace(None)
            nodeid, called = self._note
            package = f"{PACKAGE}/"
            names = {(code.co_filename, code.co_qualname) for code in called}
            functions = {
                f"{file.removeprefix(package)} {name.split('.<locals>.<')[0]}"
                for file, name in names
                if file.startswith(package)
            }
            self.found[nodeid] = time.process_time() - self._begun, sorted(functions)


class Clock:
    """A plugin of pytest that ends its process where a test takes far longer than measured."""

    def __init__(self, found: Reached) -> None:
        self.found = found
        self.allow(60)  # for imports

    def allow(self, seconds: float) -> None:
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.alarm(int(seconds) * 8)  # what waits takes no CPU

    def pytest_runtest_protocol(self, item: Any, nextitem: Any) -> None:
        self.allow(5 + 5 * self.found[item.nodeid][0])

    def pytest_sessionfinish(self) -> None:
        self.allow(60)


def pytest_in_child(arguments: list[str], plugins: list[object]) -> int:
    """Run tests in this process, without a word."""
    import pytest

    void = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(void, stream)
    return int(
        pytest.main(
            ["-x", "-n0", "--assert=plain", "-p", "no:cacheprovider", "--tb=no", *arguments],
            plugins,
        )
    )


class Children:
    """Some processes at a time, each with a folder of its own for what it leaves behind."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.running: dict[int, tuple[Path, Callable[[int], None]]] = {}

    def start(self, work: Callable[[], int], ended: Callable[[int], None]) -> None:
        """Do the work in a child; `ended` gets its status."""
        while len(self.running) >= self.most:
            self.wait()
        folder = Path(tempfile.mkdtemp(prefix="mutant-"))
        if pid := os.fork():
            self.running[pid] = folder, ended
            return
        status = 70
        try:
            os.setpgrp()
            tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
            resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))
            status = work()
        finally:
            os._exit(status)

    def wait(self) -> None:
        pid, status = os.wait()
        folder, ended = self.running.pop(pid)
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # what its tests have started
        ended(os.waitstatus_to_exitcode(status))
        shutil.rmtree(folder, ignore_errors=True)

    def wait_for_all(self) -> None:
        while self.running:
            self.wait()


def reached(children: Children) -> Reached:
    """What each test calls in its own process: measured anew where a file of tests has changed."""
    measured = []
    for file in (f for w in WINGS + LATER for f in sorted((ROOT / "tests" / w).rglob("test_*.py"))):
        name = str(file.relative_to(ROOT))
        text = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        kept = KEPT / f"{name.replace('/', '.')}.{text}.json"
        measured.append(kept)
        if kept.exists():
            continue

        def work(name: str = name, kept: Path = kept) -> int:
            watch = Watch()
            pytest_in_child([name, "--maxfail=1000"], [watch])
            for old in KEPT.glob(f"{name.replace('/', '.')}.*.json"):
                old.unlink()
            kept.write_text(json.dumps(watch.found), "utf-8")
            return len(watch.failed)

        def ended(red: int, name: str = name) -> None:
            print(f"{name}: measured" + f", but for {red} that fail" * bool(red), flush=True)

        children.start(work, ended)
    children.wait_for_all()
    found: Reached = {}
    for kept in measured:  # a test that is no more would count as one that fails
        found |= json.loads(kept.read_text("utf-8"))
    return found


def tests_of(mutant: Mutant, found: Reached) -> list[str]:
    """The tests that call the changed function, the quickest first; where it runs when its module
    is imported, or tests are collected, those that call anything of the module."""
    calls = {test: set(called) for test, (_, called) in found.items()}
    reach = [t for t in found if f"{mutant.path} {mutant.function}" in calls[t]]
    if not reach or mutant.function == "<module>":
        reach = [t for t in found if any(f.startswith(f"{mutant.path} ") for f in calls[t])]
    own = f"test_{Path(mutant.path).name}"
    reach.sort(key=lambda t: found[t][0] * (0.2 if own in t else 1.0))
    near = [t for t in reach if t.startswith(tuple(f"tests/{wing}/" for wing in WINGS))]
    far = [t for t in reach if t not in near]
    spent = accumulate(found[t][0] for t in far)
    return near + [t for t, seconds in zip(far, spent, strict=True) if seconds < PATIENCE]


# The verdicts ----------------------------------------------------------------------------------


def verdict(mutant: Mutant, tests: list[str], clock: Clock) -> int:
    """In a child: 0 where all tests pass on a mutant."""
    sys.meta_path.insert(0, cast(Any, Changed(mutant)))
    return pytest_in_child(tests[:FIRST], [clock]) or (
        pytest_in_child(tests[FIRST:], [clock]) if tests[FIRST:] else 0
    )


def chosen(arguments: argparse.Namespace) -> list[Mutant]:
    """The mutants to try."""
    modules = [module for wing in WINGS for module in sorted((PACKAGE / wing).glob("*.py"))]
    paths = [str(module.relative_to(PACKAGE)) for module in modules]
    if arguments.changed is not None:
        command = ["git", "diff", "--name-only", "--relative", arguments.changed, "--", "."]
        told = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, check=True)
        paths = [path for path in paths if path in told.stdout.split()]
    if arguments.only:
        paths = [path for path in paths if path.startswith(tuple(arguments.only))]
    found = [mutant for path in paths for mutant in mutants(path)]
    print(f"{len(found):,} mutants of {len(paths)} modules")
    if arguments.sample is not None:  # a change elsewhere does not choose others
        text = f"{arguments.seed} {{0.path}} {{0.function}} {{0.what}}".format
        found.sort(key=lambda mutant: hashlib.sha256(text(mutant).encode()).digest())
    return found[: arguments.sample]


def main() -> int:
    """Try mutants, and say which survive. Ends with 1 where one does that is no equivalent."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="this many, chosen at random")
    parser.add_argument("--seed", type=int, default=1, help="which ones: 1")
    parser.add_argument(
        "--changed", nargs="?", const="HEAD", metavar="COMMIT", help="of files changed since then"
    )
    parser.add_argument("--only", nargs="*", metavar="PATH", help="of these wings or files")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time: 2")
    parser.add_argument("--again", action="store_true", help="try survivors again")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    sys.dont_write_bytecode = False
    KEPT.mkdir(exist_ok=True)
    for module in ("numpy", "hypothesis", "pytest", "xdist"):  # once, for all children
        __import__(module)
    children = Children(arguments.jobs)
    found, log = reached(children), KEPT / "verdicts.jsonl"
    known: dict[str, str] = {}
    if log.exists():
        known = dict(json.loads(line) for line in log.read_text("utf-8").splitlines())
    todo, said = chosen(arguments), {}
    for mutant in todo:
        before = known.get(mutant.key)
        if before is not None and not (arguments.again and before not in KILLED):
            said[mutant] = before
            continue
        tests = tests_of(mutant, found)

        def ended(status: int, mutant: Mutant = mutant, tests: list[str] = tests) -> None:
            result = "killed" if status in (1, 2, 3, 4) else "survived"
            result = "timed out" if status < 0 else result
            result = "no test calls it" if not tests else result
            said[mutant] = result
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps([mutant.key, result]) + "\n")
            if result not in KILLED:
                print(f"{result}: {mutant.said}  [{mutant.function}]", flush=True)

        def work(mutant: Mutant = mutant, tests: list[str] = tests) -> int:
            return verdict(mutant, tests, Clock(found)) if tests else 0

        children.start(work, ended)
    children.wait_for_all()
    return told(said)


def told(said: dict[Mutant, str]) -> int:
    """Say how many were killed, and name those that were not."""
    alive = [m for m, result in said.items() if result not in KILLED]
    equal = {
        m: reason
        for m in alive
        for (path, change), reason in EQUIVALENT.items()
        if m.path == path and m.what.startswith(change)
    }
    left = [m for m in alive if m not in equal]
    print(*(f"{number} {result}" for result, number in Counter(said.values()).items()), sep=", ")
    for mutant, reason in equal.items():
        print(f"equivalent: {mutant.said}: {reason}")
    for mutant in left:
        print(f"{said[mutant]}: {mutant.said}")
    tried = len(said) - len(equal)
    if tried:
        print(f"{(tried - len(left)) / tried:.1%} of {tried} killed, {len(equal)} equivalent")
    return bool(left)


if __name__ == "__main__":
    sys.exit(main())
