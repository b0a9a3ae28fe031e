"""Whatever a fleet says, the compiler gives findings or a verified tree: never an exception, never a refused object.

A mutated fleet is made from its number alone, so a failure is repeated by running its chunk again.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import sys
import traceback
from collections import Counter
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from meshgen.diagnostics.render import FORMATS, render
from meshgen.pipeline import compile_fleet
from meshgen.views.host import host, known_hosts
from meshgen.views.matrix import matrix
from tests.calls.laws import untied
from tests.diagnostics.test_printing import COMMAND, UNSAFE
from tests.emit.laws import broken
from tests.test_cases import ALL_CASES, SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from meshgen.pipeline import Compilation

ROOT = Path(__file__).parent.parent
CHUNK = 250
CHUNKS = 16
QUICK = 25
LARGEST_SEED = 100_000
HOSTILE = [
    "", "~", "null", "true", "no", "on", "y", "0", "-1", "1e3", "0x1F", "010", "12:30", "1.30", ".inf", ".nan",
    "99999999999999999999999", "15443", "65535", "65536", "*", "'*'", "'*/*'", "'*/'", "'/'", "'c*/*x'", "'~'", "'='",
    "[]", "{}", "[[]]", "[{}]", "{a: b}", "{name: x}", "[null]", "'\\n'", '"\\n"',
    '"\\u0000"', '"\\ud800"', '"\\u2028"',
    "ümläut", "名前", "🦀",
    "a" * 63, "a" * 64, "'" + "a." * 126 + "a'", "A", "-a", "a-", "a.b", "a_b", "a/b", "../x",
    "&x y", "*x", "!!int x", "!tag x", "<<", "|", ">", "%", "@x", "`x`", "2026-11-23", "192.0.2.1",
    "0.0.0.0",  # noqa: S104 - a hostile address
    "127.0.0.1", "'::1'", "'2001:db8::1'", "192.0.2.256", "10.0.0.0/8", "lb.example.com", "draining", "leaving", "edge",
    "istio", "tse", "tsb", "controlPlane", "meshgen", "TCP", "UDP", "None", "ExternalName", "Local", "grpc", "off",
    "virtualService", "meshConfig", "auto", "1.23.0", "1.24.0", "1.28.3", "1.31.0", "1.29.2-patch",
    "spiffe://x", "5s", "0s", "kube-system",
    "xcp-multicluster", "meshgen-multicluster", "eastwest-gateway", "bookinfo", "details", "app", "cluster-1",
    "cluster-2", "details.bookinfo.svc.cluster.local", "'*.bookinfo.svc.cluster.local'", "cluster.local",
    "prod.example",
]  # fmt: skip
DIGITS = "12345678" * 1_000
BREAKING = [
    "9" * 99, "9" * 400, "9" * 5000, "0x" + "f" * 3990, "1e999", "2147483648", "4294967296", "2562048h", "1.0005s",
    "9" * 30 + "s", "con", "NUL", "com1.x", "'" + "c" * 200 + "'", "'" + "c" * 250 + "'",
    '"\\x1b[31m"', '"\\n::error::x"', "'##[group]x'", '"\\u202e"', "'[a](https://b)'", "1" + "_" * 500 + "x",
    DIGITS, "'" + DIGITS + "'", "con", '"\\ud83d\\ude00"', '"\\x9b2J"', '"\\r"', '"\\u2066a"', "-0", "1e-400",
]  # fmt: skip
"""What breaks machines: parsers of numbers and durations, file systems, terminals, the logs of CI."""
LINES = [
    "---",
    "...",
    "- ",
    "  x: y",
    "\tx: y",
    "? a",
    ": b",
    "- - -",
    "# é",
    "%YAML 1.1",
    "}",
    "[",
    "kind: Fleet",
    "<<: *a",
]

Files = dict[str, str]


@cache
def seeds() -> tuple[Files, ...]:
    """The project's fleet, the examples, and the fleets of all cases that are text."""
    fleets = [_read(directory) for directory in [ROOT / "fleet", *sorted((ROOT / "examples").glob("*/fleet"))]]
    cases: list[Files] = []
    for case in ALL_CASES:
        try:
            files = {name: content.decode() for name, content in sorted(case.files().items())}
        except UnicodeDecodeError:
            continue
        if sum(map(len, files.values())) < LARGEST_SEED:
            cases += [files] * (1 if case.fires else 4)
    # Whole fleets reach further than the cases, of which there are hundreds.
    return (*fleets * (len(cases) // len(fleets)), *cases)


def _read(directory: Path) -> Files:
    return {
        path.relative_to(directory).as_posix(): path.read_text("utf-8") for path in sorted(directory.rglob("*.yaml"))
    }


@cache
def values() -> dict[str, tuple[Any, ...]]:
    """Every value that stands anywhere in the seeds, by the name of its field."""
    found: dict[str, dict[str, Any]] = {}
    for text in sorted({text for files in seeds() for whole in files.values() for text in SEPARATOR.split(whole)}):
        for document in _documents(text) or ():
            for container, key, name in _places(document):
                found.setdefault(name, {}).setdefault(repr(container[key]), container[key])
    return {name: tuple(same[text] for text in sorted(same)) for name, same in sorted(found.items())}


@lru_cache(maxsize=1024)
def _parsed(text: str) -> tuple[Any, ...] | None:
    try:
        return tuple(YAML(typ="safe").load_all(text))
    except (YAMLError, ValueError, TypeError, RecursionError, OverflowError):
        return None


def _documents(text: str) -> list[Any] | None:
    """The documents of a text, to be changed; None where it is no YAML."""
    found = _parsed(text)
    return None if found is None else [_copy(document) for document in found if document is not None]


def _copy(value: Any, depth: int = 0) -> Any:
    """Plain data, whatever the YAML held; what is endless is cut."""
    if depth > 30:
        return None
    if isinstance(value, dict):
        return {str(key): _copy(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item, depth + 1) for item in value]
    return value if isinstance(value, bool | int | float | str) else None


def _places(document: Any, name: str = "") -> Iterator[tuple[Any, Any, str]]:
    """Every (container, key) of a document, and the name of the field: an item's is that of its list."""
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, item in items:
        field = str(key) if isinstance(document, dict) else name
        yield document, key, field
        yield from _places(item, field)


def _mutate_text(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    place = rng.randrange(len(lines))
    line = lines[place]
    match rng.randrange(11):
        case 0:
            del lines[place]
        case 1:
            lines.insert(place, line)
        case 2:
            other = rng.randrange(len(lines))
            lines[place], lines[other] = lines[other], line
        case 3 | 4:
            key, colon, _ = line.partition(": ")
            lines[place] = f"{key}{colon}{rng.choice(HOSTILE)}" if colon else rng.choice(HOSTILE)
        case 5:
            words = line.split(" ")
            words[rng.randrange(len(words))] = rng.choice(HOSTILE)
            lines[place] = " ".join(words)
        case 6:
            lines[place] = " " * rng.randrange(9) + line.lstrip()
        case 7:
            lines.insert(place, rng.choice(LINES))
        case 8:
            start = rng.randrange(len(text) + 1)
            return (
                text[:start]
                + rng.choice(["\x00", "\ufeff", "\r", "\t", "'", '"', "{", "*", "🦀", "\u2028", ":", "&a"])
                + text[start:]
            )
        case 9:
            return text[: rng.randrange(len(text) + 1)]
        case _:
            start = rng.randrange(len(text) + 1)
            return text[:start] + text[start + rng.randrange(1, 9) :]
    return "\n".join(lines)


def _mutate_tree(rng: random.Random, text: str) -> str:
    documents = _documents(text)
    places = [place for document in documents or () for place in _places(document)]
    if documents is None or not places:
        return _mutate_text(rng, text)
    leaves = [place for place in places if not isinstance(place[0][place[1]], dict | list)]
    container, key, name = rng.choice(leaves if leaves and rng.random() < 0.6 else places)
    alike = [value for value in values().get(name, ()) if isinstance(value, type(container[key]))]
    match rng.randrange(24):
        case 0 | 1:
            del container[key]
        case 2 if isinstance(container, list):
            container.insert(key, _copy(container[key]))
        case 3:
            other, other_key, _ = rng.choice(places)
            container[key] = _copy(other[other_key])
        case 4:
            container[key] = _copy(rng.choice(values()[rng.choice(list(values()))]))
        case 5:
            container[key] = rng.choice([None, True, 0, -1, 10**30, 1.5, "", "x" * 300, [], {}, [[]], {"": ""}])
        case 6 if isinstance(container, dict):
            field = rng.choice(list(values()))
            container[field] = _copy(rng.choice(values()[field]))
        case 7 if rng.random() < 0.3:
            documents.append(_copy(rng.choice(documents)))
        case 8 if not isinstance(container[key], dict | list):
            container[key] = rng.choice(HOSTILE)
        case _:
            container[key] = _copy(rng.choice(alike or HOSTILE))
    return "---\n".join(f"{json.dumps(document, ensure_ascii=False, indent=1)}\n" for document in documents)


def mutated(number: int) -> Files:
    """The fleet of that number."""
    rng = random.Random(number)  # noqa: S311 - the same fleet for the same number
    files = dict(rng.choice(seeds()))
    change: Callable[[random.Random, str], str] = rng.choice([_mutate_text, *[_mutate_tree] * 5])
    for _ in range(rng.choice([1, 1, 1, 1, 2, 2, 3, 5])):
        name = rng.choice(sorted(files))
        files[name] = change(rng, files[name])
    return files


def _compile(files: Files, directory: Path) -> Compilation:
    for name, text in files.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
    return compile_fleet(directory)


def _failures(compilation: Compilation) -> list[str]:
    """What a compilation must not say or lack."""
    shown = render(compilation.diagnostics, compilation.checked.sources, "full")
    shown += render(compilation.diagnostics, compilation.checked.sources, "concise")
    failed = [f"{item.code} {item.message}" for item in compilation.diagnostics if item.code[:3] in ("MG5", "MG9")]
    if compilation.plan is None and not compilation.checked.failed:
        failed.append("no plan, and no error that says why")
    failed += [f"{match[0]!r} is printed" for match in (UNSAFE.search(shown), COMMAND.search(shown)) if match]
    failed += untied(compilation.checked)
    failed += broken(compilation) if not compilation.checked.failed else ()
    if compilation.plan is not None and compilation.calls is not None:
        table = matrix(compilation.calls, "table")
        failed += [f"{call.host} is not in the table" for call in compilation.calls if call.host not in table]
        failed += [
            each for each in known_hosts(compilation.calls) if host(compilation.calls, compilation.plan, each) is None
        ]
    return failed


def _run(numbers: range, directory: Path) -> tuple[Counter[str], list[str]]:
    outcomes: Counter[str] = Counter()
    failures: list[str] = []
    for number in numbers:
        try:
            compilation = _compile(mutated(number), directory)
            outcomes["built" if compilation.plan is not None else "diagnosed"] += 1
            failures += [f"fleet {number}: {text}" for text in _failures(compilation)]
        except Exception:  # noqa: BLE001 - the law is that there is none, of any type
            failures.append(f"fleet {number}: {traceback.format_exc()}")
        shutil.rmtree(directory)
        directory.mkdir()
    return outcomes, failures


def _hold(numbers: range, directory: Path) -> None:
    directory.mkdir()
    outcomes, failures = _run(numbers, directory)
    text = f"fleets {numbers.start} to {numbers.stop - 1}: {outcomes['built']} built, {outcomes['diagnosed']} diagnosed"
    print(text, file=sys.__stderr__, flush=True)  # a worker of pytest-xdist has no other way out
    assert not failures, "\n".join(failures)
    assert outcomes["built"] > len(numbers) // 20
    assert outcomes["diagnosed"] > len(numbers) // 20


def test_a_few_mutated_fleets_give_findings_or_a_verified_tree(tmp_path: Path) -> None:
    _hold(range(QUICK), tmp_path / "fleet")


def broken_machines(number: int) -> Files:
    """A fleet with one to three of its values replaced by such that break machines."""
    rng = random.Random(number)  # noqa: S311 - the same fleet for the same number
    files = dict(rng.choice(seeds()))
    for _ in range(rng.randrange(1, 4)):
        name = rng.choice(sorted(files))
        lines = files[name].split("\n")
        place = rng.randrange(len(lines))
        words = re.split(r"([ {}\[\],:]+)", lines[place])
        words[rng.randrange(len(words))] = rng.choice(BREAKING)
        lines[place] = "".join(words)
        files[name] = "\n".join(lines)
    return files


@pytest.mark.slow
def test_values_that_break_machines_are_findings_or_build(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    for number in range(400):
        directory = tmp_path / str(number)
        compilation = _compile(broken_machines(number), directory)
        codes = {item.code for item in compilation.diagnostics if item.code[:3] in ("MG5", "MG9")}
        assert (number, codes) == (number, set())
        for form in FORMATS:
            shown = render(compilation.diagnostics, compilation.checked.sources, form)
            assert (number, UNSAFE.search(shown)) == (number, None)
            assert form == "github" or (number, COMMAND.search(shown)) == (number, None)
            assert len(shown) < 1_000_000
        outcomes["built" if compilation.plan is not None else "diagnosed"] += 1
    assert outcomes["built"]


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_mutated_fleets_give_findings_or_a_verified_tree(chunk: int, tmp_path: Path) -> None:
    _hold(range(chunk * CHUNK, (chunk + 1) * CHUNK), tmp_path / "fleet")
