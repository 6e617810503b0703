"""The command that prints the script by which a shell completes the command line.

shtab makes it of the parser. Written here is what a parser does not say: which values are files,
lessons or lists of names, and that the first word may be an experiment as well as a command.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import shtab

from backprop_tui import lessons
from backprop_tui.cli.flags import ACTIVATION_NAMES
from backprop_tui.cli.streams import FINE, PROGRAM, CommandError, write
from backprop_tui.messages import hint, shown

SHELLS = ("bash", "zsh", "fish")
LESSONS, ACTIVATIONS = " ".join(lessons.NAMES), " ".join(ACTIVATION_NAMES)
EXPERIMENT = dict.fromkeys(("bash", "zsh"), "_backprop_tui_experiment_files")
EXPERIMENT["fish"] = "(_backprop_tui_experiment_files)"
"""The function of each shell that offers lessons, folders and files of experiments."""

LIST = dict.fromkeys(("bash", "zsh"), "_backprop_tui_activations")
LIST["fish"] = f"(__fish_append , {ACTIVATIONS})"
"""The function of each shell that completes the last name of a list with commas."""

PREAMBLE = {
    "bash": f"""
_backprop_tui_experiment_files() {{
  compgen -W "{LESSONS}" -- "$1"
  compgen -f -X "!*.toml" -- "$1"
  compgen -d -- "$1"
}}
_shtab_backprop_tui_pos_0_COMPGEN=_backprop_tui_experiment_files
_backprop_tui_activations() {{
  local before=""
  [[ $1 != *,* ]] || before="${{1%,*}},"
  compgen -W "{ACTIVATIONS}" -P "$before" -- "${{1##*,}}"
}}
""",
    "zsh": f"""
_backprop_tui_experiment_files() {{
  _alternative 'lessons:lesson:({LESSONS})' 'files:file:_files -g "*.toml"'
}}
functions[_backprop_tui_commands]=$functions[_shtab_backprop_tui_commands]
_shtab_backprop_tui_commands() {{
  _alternative 'commands:command:_backprop_tui_commands' \\
    'experiments:experiment:_backprop_tui_experiment_files'
}}
# the flags and the word of the command, wherever it stands; without one, of the stepper
_backprop_tui_stepper=("${{_shtab_backprop_tui_options[@]}}" ': :_shtab_backprop_tui_commands')
_shtab_backprop_tui() {{
  local i specs=_backprop_tui_stepper
  for (( i = 2; i < CURRENT; i++ )); do
    (( $+parameters[_shtab_backprop_tui_${{words[i]}}_options] )) || continue
    specs=_shtab_backprop_tui_${{words[i]}}_options
    words[i]=()
    (( CURRENT -= 1 ))
    break
  done
  _arguments -s "${{(@P)specs}}"
}}
_backprop_tui_activations() {{
  compset -P '*,'
  compadd "$@" - {ACTIVATIONS}
}}
""",
    "fish": f"""
function _backprop_tui_experiment_files
  printf '%s\\n' {LESSONS}
  __fish_complete_suffix .toml
end
""",
}
"""What stands in a script ahead of the completion itself."""

ENDING = {
    "bash": f"""
# bash parts --flag=value at the sign: without it, the value is the word behind the flag
_backprop_tui() {{
  local word words=()
  for word in "${{COMP_WORDS[@]:0:COMP_CWORD + 1}}"; do
    [[ $word == = ]] || words+=("$word")
  done
  [[ ${{COMP_WORDS[COMP_CWORD]}} != = ]] || words+=("")
  local COMP_WORDS=("${{words[@]}}") COMP_CWORD=$((${{#words[@]}} - 1))
  _shtab_backprop_tui
}}
complete -o bashdefault -F _backprop_tui {PROGRAM}
""",
    "fish": f"""
complete -c {PROGRAM} -n '_shtab_backprop_tui_using; and test $_shtab_backprop_tui_npos -eq 0' \\
  -ka '{EXPERIMENT["fish"]}'
""",
}
"""What stands in a script behind the completion, where there is something."""


def complete(arguments: argparse.Namespace) -> int:
    """The script that completes this command line in a shell."""
    word = arguments.word
    if word not in SHELLS:
        got = "" if word is None else f"; got {shown(word)}{hint(word, SHELLS)}"
        raise CommandError(f"completion needs a shell, one of {', '.join(SHELLS)}{got}")
    write([script(word, arguments.parser)], document=True)
    return FINE


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """The script of one of SHELLS. The parser is changed for it, and parses no more."""
    for action in actions_of(parser):
        if action.metavar == "FILE":
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar == "EXPERIMENT":
            action.complete = EXPERIMENT  # type: ignore[attr-defined]
        elif action.dest == "--activations":
            action.complete = LIST  # type: ignore[attr-defined]
        if shell == "zsh" and action.option_strings and action.nargs != 0:
            action.option_strings = [f"{name}=" for name in action.option_strings]
    return shtab.complete(parser, shell, preamble=PREAMBLE[shell]) + ENDING.get(shell, "")


def actions_of(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The flags and words of a parser and its subparsers."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                subparser.description = None  # one line about a command: its summary
                yield from actions_of(subparser)
        else:
            yield action
