"""What the Step panel says while something is asked: the question, its choices, how it ended.

Until the question is over, only the hints that were asked for show anything of the step.
"""

from __future__ import annotations

from collections.abc import Iterable

from backprop_tui.explain.explanation import Explanation
from backprop_tui.learn.answers import AnswerVerdict
from backprop_tui.learn.formulas import hint_of
from backprop_tui.learn.parts import parts_of, put_together
from backprop_tui.learn.questions import QuestionOutcome
from backprop_tui.learn.votes import Choice
from backprop_tui.maths.expressions import Cell, Expr
from backprop_tui.maths.writing import text
from backprop_tui.session.question import Asking
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import shortened, wrapped
from backprop_tui.tui.paint.lines import TextLine, paragraph
from backprop_tui.tui.panels.step_lines import ROOMY, element_lines, note_lines

VOTE = "Show one to {} fingers. Then discuss with your neighbour, and vote again."
COUNTS = ("none", "one", "two", "three", "four")
TYPE = "Type a number, or at least its sign (+ −)."
COMPARE = "Type a number, its sign (+ −), or whether it gets bigger or smaller (↑ ↓)."
FORMULA = "Type the formula of the whole step, as on the screen or in NumPy."
LINE = "Type the line, as on the screen or in NumPy."
TALK = "Discuss it with your neighbour. Space shows the answer."
PART = "Type this number, or that of the whole step."
SIGNS = {AnswerVerdict.WRONG: "✗", AnswerVerdict.RIGHT: "✓"}
APART, LEAST_APART = 4, 2
"""Columns between two choices."""


def question_lines(view: View, asking: Asking, width: int, height: int) -> list[TextLine]:
    """Return the lines of a question that is open or over; there may be more than fit."""
    if asking.is_open:
        return asked_lines(view, asking, width)
    return answered_lines(view, asking, width, height)


# Open ----------------------------------------------------------------------------------------


def asked_lines(view: View, asking: Asking, width: int) -> list[TextLine]:
    """Return the question, the choices, what was wrong so far, and how to answer."""
    asked = asking.asked
    head = f"{asked.cell.symbol if asked.form == 'formula' else text(asked.cell)} = ?"
    in_words = asked.form == "talk" or asked.worded
    alone = asked.part or (in_words and (asked.own or asked.line))
    whole = asked.text if alone else f"{head}      {asked.text}"
    lines = [TextLine(whole, "strong", 9)]
    if len(whole) > width:
        lines = [TextLine(line, "strong", 9) for line in wrapped(asked.text, width, 2)]
        lines += [] if in_words or asked.part else [TextLine(head, "strong", 8)]
    lines = parts_over(view, asking.whole or asking, width) + lines
    lines += [TextLine(line, "", 8) for line in choice_rows(asking, width)]
    if judged := asking.judged:
        said = f"{SIGNS.get(judged.verdict, '~')} {asking.said}"
        looks = "wrong" if judged.verdict is AnswerVerdict.WRONG else "note"
        lines += [TextLine(line, looks, 8) for line in wrapped(said, width, 2)]
        if where := ", ".join(dict.fromkeys(map(text, asking.look[:4]))):
            lines.append(TextLine(f"Look at {where}.", "", 6))
    lines += hint_lines(view, asking, width)
    typed = PART if asked.part else COMPARE if asking.compares else TYPE
    vote = VOTE.format(COUNTS[len(asking.choices)])
    formula = LINE if asked.line else FORMULA
    how = {"vote": vote, "talk": TALK, "formula": formula}.get(asked.form, typed)
    if asked.form in ("number", "formula") and not asking.typing:
        how = f"Press enter, then {how[0].lower()}{how[1:]}"
    if asking.exact:
        lines += [TextLine(line, "", 5) for line in wrapped(asking.exact, width, 2)]
    return [*lines, TextLine(how, "quiet", 3)]


def parts_over(view: View, asking: Asking, width: int) -> list[TextLine]:
    """Return the parts that were asked for, with their values; behind the last, what is left."""
    found, over = view.explanation, asking.parts[: asking.parts_over]
    if found is None or not over:
        return []
    parts = [part.part for part in over if part.part is not None]
    lines = [TextLine(row, "", 8) for row in in_rows(valued(found, parts), width)]
    if asking.parts_over == len(asking.parts) == len(parts_of(found)):
        lines.append(TextLine(f"Now {put_together(found)} = ?", "strong", 8))
    return lines


def valued(found: Explanation, parts: Iterable[Expr]) -> list[str]:
    """Return each part with its value: W2[1,1] · dZ2[1,1] = 0.0554."""
    return [f"{text(part)} = {found.written(found.value(part))}" for part in parts]


def hint_lines(view: View, asking: Asking, width: int) -> list[TextLine]:
    """Return the hints asked for: the formula, then the numbers; of a formula its parts first."""
    found, hints = view.explanation, asking.hints
    if not hints or found is None:
        return []
    if asking.asked.hint:
        said = wrapped(f"Hint: {asking.asked.hint}", width, 2)
        return [TextLine(line, "strong", 7) for line in said]
    if asking.asked.form == "formula":
        parts = f"Hint: {hint_of(found.step, found.shapes)}"
        lines = [TextLine(line, "strong", 7) for line in wrapped(parts, width, 2)]
        return lines + ([TextLine(f"Hint: {found.formula}", "strong", 7)] if hints > 1 else [])
    lines = [TextLine(f"Hint: {found.formula}", "strong", 7, found.shape_line)]
    if hints > 1:
        numbers = f"{found.cell} = {found.with_figures()}"
        lines += [TextLine(line, "", 7) for line in wrapped(numbers, width, 2)]
    return lines


def choice_rows(asking: Asking, width: int) -> list[str]:
    """Return the choices, `1)  0.0554      2)  0.0383 ...`, in one row or in two columns."""
    wide = max((len(choice.written) for choice in asking.choices), default=0)
    side = "<" if asking.asked.worded else ">"
    entries = [
        f"{k}) {'✗' if k - 1 in asking.struck else ' '} {choice.written:{side}{wide}}"
        for k, choice in enumerate(asking.choices, 1)
    ]
    return in_rows(entries, width)


def in_two(entries: list[str], width: int) -> list[str]:
    """Put entries in two columns, shortened where they must be, none of them left out."""
    half, room = (width - LEAST_APART) // 2, width - LEAST_APART
    columns = [entries[0::2], entries[1::2]]
    wide = [max(map(len, column), default=0) for column in columns]
    most = [min(own, max(half, room - other)) for own, other in (wide, wide[::-1])]
    return in_rows([shortened(e, most[k % 2]) for k, e in enumerate(entries)], width)


def in_rows(entries: list[str], width: int) -> list[str]:
    """Put entries in as few rows as there is room for, with all, two or one in each."""
    if not entries:
        return []
    for across in (len(entries), 2, 1):
        rows = [entries[k : k + across] for k in range(0, len(entries), across)]
        wide = [max(len(row[k]) for row in rows if k < len(row)) for k in range(across)]
        gap = min(APART, (width - sum(wide)) // max(1, across - 1))
        if gap >= LEAST_APART or across == 1:
            break
    gaps = " " * gap
    return [gaps.join(e.ljust(w) for e, w in zip(row, wide, strict=False)).rstrip() for row in rows]


# Over ----------------------------------------------------------------------------------------


def answered_lines(view: View, asking: Asking, width: int, height: int) -> list[TextLine]:
    """Return the step as it is, what each choice stands for, and why."""
    found, asked = view.explanation, asking.asked
    lines: list[TextLine] = []
    if view.unrevealed and asked.form == "talk":  # the blackboard leads to its formula first
        return paragraph(f"◆ {asked.answer}", width, 2, "note", 8) if asked.answer else lines
    if found:
        lines.append(TextLine(found.formula, "strong", 8, found.shape_line))
        opened = asking.outcome is QuestionOutcome.MISSED and height < ROOMY
        shown = element_lines(found, width, 1 if opened else 2)
        lines += [TextLine(line, "", 4) for line in shown[:-1]] + [TextLine(shown[-1], "", 8)]
    if asked.worded:
        for k, choice in enumerate(asking.choices, 1):
            if choice.right or k - 1 in asking.struck:
                lines += paragraph(labelled(k, choice, asking), width, 2, "", 9)
    elif asking.choices:
        entries = [labelled(k, choice, asking) for k, choice in enumerate(asking.choices, 1)]
        rows = in_two(entries, width)
        cut = any(not any(entry.rstrip() in row for row in rows) for entry in entries)
        if height >= (len(entries) + 4 if cut else ROOMY):
            rows = entries
        lines += [TextLine(row, "", 9) for row in rows]
    if found and asking.outcome is QuestionOutcome.MISSED and not asked.worded and not asked.line:
        lines += opened_terms(found, asking, width)
    if outcome := how_it_ended(asking):
        looks = "wrong" if asking.outcome is QuestionOutcome.MISSED else "strong"
        lines += [TextLine(line, looks, 6) for line in wrapped(outcome, width, 2)]
    if asked.answer:
        lines += paragraph(f"◆ {asked.answer}", width, 2, "note", 8)
    if asking.closing:
        lines += paragraph(asking.closing, width, 2, "strong", 9)
    if found and view.is_as_taught:
        lines.append(TextLine(found.reason, "strong", 4))
    return lines + note_lines(view, view.notes, width, 5)


def opened_terms(found: Explanation, asking: Asking, width: int) -> list[TextLine]:
    """Return the step opened into its parts, the one in which the answer differs marked."""
    parts = [part for part in parts_of(found) if not isinstance(part, Cell)]
    term = asking.judged.term if asking.judged else None
    rows = in_rows(
        [
            f"{'▸' if part == term else ' '} {said}"
            for part, said in zip(parts, valued(found, parts), strict=True)
        ],
        width,
    )
    return [TextLine(row, "", 9 if "▸" in row else 7) for row in rows]


def labelled(k: int, choice: Choice, asking: Asking) -> str:
    """Write a choice with its label: `✓ 3)  0.0364 correct`, `✗` before a wrong vote."""
    sign = "✓" if choice.right else "✗" if k - 1 in asking.struck else " "
    if asking.asked.worded:
        return f"{sign}{k}) {choice.written}{f' ({choice.label})' if choice.label else ''}"
    wide = max(len(c.written) for c in asking.choices)
    return f"{sign}{k}) {choice.written:>{wide}} {'correct' if choice.right else choice.label}"


def how_it_ended(asking: Asking) -> str:
    """Say how the answers turned out; nothing where none was given."""
    judged = asking.judged
    if asking.outcome is QuestionOutcome.RIGHT:
        more = f" {judged.said}" if judged and judged.said else ""
        what = "Correct" if asking.asked.worded else f"{asking.typed} is correct"
        return f"✓ {what}, {asking.tries}.{more}"
    if asking.outcome is QuestionOutcome.MISSED and judged and not asking.asked.worded:
        return f"✗ {judged.said}" if judged.verdict is AnswerVerdict.WRONG else ""
    unsent = asking.outcome is QuestionOutcome.SEEN and asking.typed
    return f"You typed {asking.typed}." if unsent else ""
