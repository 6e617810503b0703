"""A code: the whole state of a run in few characters, to be read aloud and typed elsewhere.

A code is `1` and then, in base 32 without the letters I L O U, a checksum and deflated JSON: a
lesson's name (or a file's text), the flags that change it, and what is said of the run. Opening one
reads no file of the machine, and what it says is under the same rules as any file. It knows no
screens.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from backprop_tui import lessons
from backprop_tui.files import lazy
from backprop_tui.files.experiment_file import (
    LESSONS,
    ExperimentError,
    document_of,
    read_kept,
)
from backprop_tui.files.saving import (
    PROGRAM,
    keyframe_of,
    resume,
    run_sections,
    text_of,
)
from backprop_tui.files.sections import FLAGS
from backprop_tui.messages import printable, short, shown
from backprop_tui.model.experiment import Experiment
from backprop_tui.model.keys import is_number
from backprop_tui.model.saved import Keyframe, Written
from backprop_tui.run.timeline import Position, Timeline

VERSION = "1"
SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISREAD = str.maketrans("OIL", "011")
LONGEST_CODE = 30_000  # characters: a command line takes them everywhere
MOST_INFLATED = 300_000  # bytes of JSON
CHECKED = 3  # bytes of the checksum
RAW = -15  # deflated without a header
GROUP = 5  # characters that are read aloud together
ALOUD = 120  # characters that somebody reads to somebody else
SHORT = 150  # characters that the last words of a program have room for
FAR = 10_000  # iterations that are replayed when a code is opened; beyond, it has a keyframe

USUAL = (
    b'"maximised":true"trail":[{"iteration":"marked":true,"panel":"network","cell":"dZ1[1,1]"'
    b'"drawing":"graph""ask":"type""ask":"vote""example":,"term":1"scroll":[["decimals":'
    b'"mistake":"activations":"layers":"learning_rate":"x":"y":"loss":"sigmoid,relu'
    b'transpose-forgotten"sign-flipped"updated-weights"gate-skipped"dead-relu"vanishing"saturation"'
    b'softmax"zeros"batch"too-large"han-kamber"one-input"neuron"ai-by-hand"xor"mazur"'
    b'"f":{"dW2":"dZ2 \xc2\xb7 A1\xe1\xb5\x80 / m",'
    b',"o":{"seed":"v":{"theme":"light"},"v":{"cursor":"dW1[1,],"e":[[1,"b2[1,1]",0.5]]'
    b'[[1,"alpha",0.1],[1,"X[1,1]",1.0],[1,"W2[1,2]",0.5]]}{"l":"article","p":[1,]}'
)
"""What codes usually say: the dictionary of version 1. Another one makes another version."""

SLIP = "this code has a typing mistake: compare it with the original"


class TooLongError(Exception):
    """A state does not fit into a code; the message says why."""


# Writing -------------------------------------------------------------------------------------


def code_of(experiment: Experiment, position: Position, keyframe: Keyframe | None = None) -> str:
    """The code that opens a run where it stands, or a TooLongError."""
    text = json.dumps(
        said_of(experiment, position, keyframe), separators=(",", ":"), ensure_ascii=False
    )
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) > MOST_INFLATED:
        raise TooLongError("This experiment is too large for a code: w saves it as a file.")
    deflater = zlib.compressobj(wbits=RAW, zdict=USUAL)
    packed = deflater.compress(raw) + deflater.flush()
    code = VERSION + _signs(_checksum(packed) + packed)
    if len(code) > LONGEST_CODE:
        raise TooLongError("This experiment is too large for a code: w saves it as a file.")
    return code


def keyframe_needed(timeline: Timeline, position: Position) -> Keyframe | None:
    """What the iteration begins with, where replaying it would be long; else nothing."""
    if position.iteration <= min(FAR, timeline.history.most):
        return None
    return keyframe_of(timeline, position.iteration)


def said_of(
    experiment: Experiment,
    position: Position,
    keyframe: Keyframe | None = None,
    carries_data: bool = True,
) -> dict[str, Any]:
    """All that a code says, by the letters that it says it with; no word of what is as usual.

    One that `carries_data` has the numbers of a CSV file in it, in place of its name.
    """
    written = experiment.written
    if written is None:
        raise TooLongError("This run was not read from a text, so it has no code.")
    sections = run_sections(experiment, position, keyframe)
    if is_lesson(experiment):
        said: dict[str, Any] = {"l": experiment.name, "o": dict(written.overrides)}
    else:
        said = {"n": experiment.name, "t": written.text, "o": dict(written.overrides)}
        if carries_data and "csv" in written.text:
            said |= _with_data(experiment, written)
    here = list(sections["position"].values())
    said["p"] = here if here != [1, 0] else None
    said["e"] = [list(edit.values()) for edit in sections.get("edits", ())]
    said |= {letter: sections.get(section) for letter, section in LETTERS.items()}
    return {letter: value for letter, value in said.items() if value}


LETTERS = {"f": "formulas", "v": "view", "k": "keyframe"}
"""The sections that stand in a code as they are."""


def is_lesson(experiment: Experiment) -> bool:
    """Whether it is a bundled lesson, but for flags."""
    name, written = experiment.name, experiment.written
    return name in lessons.NAMES and written is not None and written.text == lessons.text(name)


def _with_data(experiment: Experiment, written: Written) -> dict[str, Any]:
    """A file's text with the flags put in, and what a CSV file says."""
    document = document_of(written)
    data = document.get("data", {})
    if isinstance(data.get("csv"), str):
        X, Y = experiment.data.along(0).X, experiment.data.along(0).Y
        if X.size + Y.size > MOST_INFLATED // 4:
            raise TooLongError("This data is too large for a code: w saves the experiment.")
        document["data"] = {"X": X.tolist(), "Y": Y.tolist()}
    return {"t": lazy.changed(written.text, document), "o": {}}


def grouped(code: str) -> list[str]:
    """A code in groups that can be read aloud."""
    return [code[at : at + GROUP] for at in range(0, len(code), GROUP)]


def right_here(again: str, code: Callable[[], str], program: str = PROGRAM) -> str:
    """The command that begins again, and where it is short the one that opens where it stood."""
    try:
        found = code()
    except TooLongError:
        return again
    if len(found) > SHORT:
        return again
    return f"{again}\nand at the same step:\n{program} --code {found}"


# Reading -------------------------------------------------------------------------------------


def experiment_of(code: str, overrides: Mapping[str, Any] | None = None) -> Experiment:
    """The experiment of a code, open where it was made, or an ExperimentError.

    With flags that change it, it is another run, as with a saved file.
    """
    opened = experiment_said(_said(code), f"--code {plain(code)}")
    given = {flag: value for flag, value in (overrides or {}).items() if value is not None}
    if not given:
        return opened
    timeline = Timeline(opened)
    position = resume(timeline)
    text = text_of(opened, position, keyframe_of(timeline, position.iteration), "")
    folder = LESSONS if opened.name in lessons.NAMES else None
    return read_kept(text, opened.name, opened.source, given, folder)


def plain(code: str) -> str:
    """A code as it is compared: without spaces and hyphens, misread letters mended."""
    return re.sub(r"[\s-]+", "", code).upper().translate(MISREAD)


def _said(code: str) -> dict[str, Any]:
    """What a code says, if nothing in it is a slip."""
    if len(code) > 2 * LONGEST_CODE:
        raise ExperimentError(f"this code is longer than {LONGEST_CODE:,} characters")
    signs = plain(code)
    if not signs:
        raise ExperimentError("this code is empty")
    if strange := next((sign for sign in signs if sign not in SIGNS), None):
        raise ExperimentError(f"{SLIP} (no code has {shown(strange)})")
    if signs[0] != VERSION:
        raise ExperimentError(f"{SLIP}, or it was made by a newer version of this program")
    raw = _bytes(signs[1:])
    checksum, packed = raw[:CHECKED], raw[CHECKED:]
    if not packed or _checksum(packed) != checksum or _signs(raw) != signs[1:]:
        raise ExperimentError(SLIP)
    inflater = zlib.decompressobj(RAW, zdict=USUAL)
    try:
        text = inflater.decompress(packed, MOST_INFLATED + 1)
        if len(text) > MOST_INFLATED or not inflater.eof or inflater.unused_data:
            raise ExperimentError("this code contains more than any real code, so it is not opened")
        said = json.loads(text)
    except (zlib.error, ValueError, RecursionError):  # made on purpose: its checksum is right
        raise ExperimentError(SLIP) from None
    return said if isinstance(said, dict) else {}


def experiment_said(said: Mapping[str, Any], source: str, folder: str | None = None) -> Experiment:
    """The experiment that a code says. Whatever it says is under the rules of a file.

    A CSV file is read only where there is a folder to look for it in.
    """
    name, text = said.get("l"), said.get("t")
    if name in lessons.NAMES:
        text, folder = lessons.text(name), LESSONS
    elif isinstance(name, str):
        raise ExperimentError(
            f"this code opens the lesson {shown(name)}, which does not exist here"
        )
    elif name is None:
        name = said.get("n")
    flags, edits = said.get("o", {}), said.get("e", [])
    if not (isinstance(name, str) and isinstance(text, str) and _are_flags(flags)):
        raise ExperimentError("this program cannot understand this code")
    name = printable(short(name))
    sections = {section: said[letter] for letter, section in LETTERS.items() if letter in said}
    sections["position"] = _named(("iteration", "step", "elements"), said.get("p", [1, 0]))
    if edits:
        named = partial(_named, ("iteration", "cell", "value"))
        sections["edits"] = list(map(named, edits)) if isinstance(edits, list) else edits
    return read_kept(text, name, source, flags, folder, sections)


def _are_flags(flags: Any) -> bool:
    """Whether these are flags of the command line, each with a text or a number."""
    return isinstance(flags, dict) and all(
        flag in FLAGS
        and (isinstance(v, str) or (flag == "mistake" and v is None) or is_number(v))
        and (flag != "mistake" or not is_number(v))
        for flag, v in flags.items()
    )


def _named(keys: tuple[str, ...], values: Any) -> Any:
    """Values by their keys; what is no such list is left to the rules to refuse."""
    if not isinstance(values, list) or len(values) > len(keys):
        return values
    return dict(zip(keys, values, strict=False))


# Signs and bytes -----------------------------------------------------------------------------


def _checksum(packed: bytes) -> bytes:
    return zlib.crc32(packed).to_bytes(4, "big")[-CHECKED:]


def _signs(raw: bytes) -> str:
    """Bytes as signs of five bits, the last one filled with zeros."""
    count = -(-len(raw) * 8 // 5)
    number = int.from_bytes(raw, "big") << (count * 5 - len(raw) * 8)
    return "".join(SIGNS[number >> 5 * at & 31] for at in reversed(range(count)))


def _bytes(signs: str) -> bytes:
    number = 0
    for sign in signs:
        number = number << 5 | SIGNS.index(sign)
    size = len(signs) * 5 // 8
    return (number >> (len(signs) * 5 - size * 8)).to_bytes(size, "big")
