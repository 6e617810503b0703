"""What a shell needs to complete the command line, generated from the table of its commands.

Each script asks nobody while one types: all words stand in it. It knows of shells, and of commands
only what the table says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from backprop_tui import lessons

if TYPE_CHECKING:
    from backprop_tui.cli.commands import Command
    from backprop_tui.cli.flags import Flag

SHELLS = ("bash", "zsh", "fish")
FILES = "FILE"
"""The metavar of a flag whose value is a file."""


class Words:
    """What may stand where on the command line."""

    def __init__(self, stepper: Command, commands: Mapping[str, Command]) -> None:
        self.stepper, self.commands = stepper, commands
        self.all = (stepper, *commands.values())
        self.flags = {flag.name: flag for command in self.all for flag in command.all_flags}

    @staticmethod
    def flags_of(command: Command) -> tuple[str, ...]:
        return (*(flag.name for flag in command.all_flags), "--help", "--version")

    def words_of(self, command: Command) -> tuple[str, ...]:
        """What the one word of a command may be, files aside."""
        first = tuple(self.commands) if command is self.stepper else ()
        return (*first, *(command.word.choices or lessons.NAMES))

    @staticmethod
    def takes_files(command: Command) -> bool:
        """Whether its word may be an experiment file."""
        return command.word.metavar == "EXPERIMENT"

    @staticmethod
    def values_of(flag: Flag) -> tuple[str, ...]:
        """The names that a flag's value is one of, or a list of."""
        from backprop_tui.learn.mistakes import CATALOGUE
        from backprop_tui.maths.functions import ACTIVATIONS, LOSSES

        named: Mapping[str, Sequence[str]] = {
            "--activations": tuple(ACTIVATIONS),
            "--loss": tuple(LOSSES),
            "--mistake": tuple(CATALOGUE),
        }
        return tuple(flag.values or named.get(flag.name, ()))


def script(shell: str, program: str, stepper: Command, commands: Mapping[str, Command]) -> str:
    """The script of one of SHELLS."""
    write = {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]
    return "\n".join(write(program, Words(stepper, commands))) + "\n"


def _bash(program: str, words: Words) -> Iterator[str]:
    function = "_" + program.replace("-", "_")
    yield f"# {program}, completed by bash: source this in ~/.bashrc"
    yield f"{function}() {{"
    yield '    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command="" w'
    yield "    COMPREPLY=()"
    yield "    if [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}"  # --flag=value
    yield '    elif [[ $word == = ]]; then word=""; fi'
    yield '    for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do'
    yield f"        case $w in {'|'.join(words.commands)}) command=$w; break ;; esac"
    yield "    done"
    yield "    case $before in"
    for flag in words.flags.values():
        if flag.metavar == FILES:
            yield f'        {flag.name}) COMPREPLY=($(compgen -f -- "$word")); return ;;'
        elif values := words.values_of(flag):
            yield f"        {flag.name}) {_bash_words(values)}; return ;;"
        elif flag.metavar:
            yield f"        {flag.name}) return ;;"
    yield "    esac"
    yield "    case $command in"
    for command in words.all:
        yield f'        "{command.name}")'
        yield "            if [[ $word == -* ]]; then"
        yield f"                {_bash_words(words.flags_of(command))}"
        yield "            else"
        yield f"                {_bash_words(words.words_of(command))}"
        if words.takes_files(command):
            yield '                COMPREPLY+=($(compgen -d -- "$word"))'
            yield '                COMPREPLY+=($(compgen -f -X "!*.toml" -- "$word"))'
        yield "            fi ;;"
    yield "    esac"
    yield "    [[ ${COMPREPLY[0]-} != */ ]] || compopt -o nospace 2> /dev/null || true"
    yield "}"
    yield f"complete -o filenames -F {function} {program}"


def _bash_words(words: Sequence[str]) -> str:
    return f'COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$word"))'


def _zsh(program: str, words: Words) -> Iterator[str]:
    function = "_" + program.replace("-", "_")
    yield f"#compdef {program}"
    yield f'# {program}, completed by zsh: _{program} in a folder of $fpath, or eval "$(...)"'
    yield f"{function}() {{"
    yield f"    local command=${{words[(r)({'|'.join(words.commands)})]}}"
    yield "    case $command in"
    for command in (*words.commands.values(), words.stepper):
        name = command.name or "*"
        yield f"        {name}) _arguments -S \\"
        for flag in command.all_flags:
            yield f"            {_zsh_flag(flag, words.values_of(flag))} \\"
        yield "            '(- *)--help[show help, and end]' \\"
        yield "            '(- *)--version[show the version, and end]' \\"
        word = f"*:{command.word.metavar}:{_zsh_word(command, words)}"
        yield f"            {_quoted(word)} ;;"
    yield "    esac"
    yield "}"
    yield f'if [[ $funcstack[1] == _{program} ]]; then {function} "$@"; else'
    yield f"    compdef {function} {program}"
    yield "fi"


def _zsh_flag(flag: Flag, values: Sequence[str]) -> str:
    what = re.sub(r"([\[\]:\\])", r"\\\1", flag.help)
    if not flag.metavar:
        return _quoted(f"{flag.name}[{what}]")
    action = "_files" if flag.metavar == FILES else f"({' '.join(values)})" if values else " "
    metavar = flag.metavar.replace(":", "")
    return _quoted(f"{flag.name}=[{what}]:{metavar}:{action}")


def _zsh_word(command: Command, words: Words) -> str:
    listed = f"({' '.join(words.words_of(command))})"
    if not words.takes_files(command):
        return listed
    # the space before it: nothing is put between the function and its arguments
    return f' _alternative "words\\:word\\:{listed}" "files\\:file\\:_files -g \\"*.toml\\""'


def _fish(program: str, words: Words) -> Iterator[str]:
    yield f"# {program}, completed by fish: ~/.config/fish/completions/{program}.fish"
    yield f"complete -c {program} -f"
    seen = " ".join(words.commands)
    for command in words.all:
        here = (
            f"__fish_seen_subcommand_from {command.name}"
            if command.name
            else f"not __fish_seen_subcommand_from {seen}"
        )
        start = f"complete -c {program} -n {_quoted(here)}"
        for name, other in words.commands.items() if command is words.stepper else ():
            yield f"{start} -a {name} -d {_quoted(other.summary)}"
        names = command.word.choices or lessons.NAMES
        yield f"{start} -a {_quoted(' '.join(names))}"
        if words.takes_files(command):
            yield f"{start} -a '(__fish_complete_suffix .toml)'"
        for flag in command.all_flags:
            yield f"{start} {_fish_flag(flag, words.values_of(flag))}"
        yield f"{start} -l help -s h -d 'show help, and end'"
        yield f"{start} -l version -d 'show the version, and end'"


def _fish_flag(flag: Flag, values: Sequence[str]) -> str:
    told = f"-l {flag.name.removeprefix('--')} -d {_quoted(flag.help)}"
    if not flag.metavar:
        return told
    if flag.metavar == FILES:
        return f"{told} -r -F"
    return f"{told} -x" + (f" -a {_quoted(' '.join(values))}" if values else "")


def _quoted(text: str) -> str:
    """One word of a shell's line. (Not shlex's: fish reads '\\'' only.)"""
    return "'" + text.replace("'", "'\\''") + "'"
