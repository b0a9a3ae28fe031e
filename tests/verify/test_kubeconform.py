"""kubeconform as a second opinion: with the real program, and with programs that misbehave."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from meshgen.verify import kubeconform
from meshgen.verify.kubeconform import Summary, validate
from tests.schemas.samples import KINDS, valid
from tests.verify.emitted import ENTRY, ENTRY_PATH, manifest, sample, span

if TYPE_CHECKING:
    from meshgen.emit.artifact import Artifact

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def program() -> Path:
    """The real kubeconform. Where Go is installed its absence is a failure, since one command puts it there."""
    found = shutil.which(ROOT / ".cache/bin/kubeconform") or kubeconform.find()
    if found is None:
        text = "kubeconform is not installed; `make tools` builds the pinned one into .cache/bin"
        if shutil.which("go"):
            pytest.fail(text)
        pytest.skip(f"{text}, which needs Go")
    return Path(found)


@pytest.fixture
def real(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kubeconform.VARIABLE, str(program))


def staged(root: Path, *manifests: Artifact) -> dict[str, Artifact]:
    """Writes manifests below `root`, as JSON, which is YAML."""
    for one in manifests:
        file = root / one.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(one.body), "utf-8")
    return {one.path: one for one in manifests}


@pytest.mark.usefixtures("real")
def test_MG507_silent_when_objects_of_every_kind_are_valid(tmp_path: Path) -> None:
    files = staged(tmp_path, *(sample(kind) for kind in KINDS))
    assert validate(tmp_path, files, "require") == ([], Summary(valid=len(KINDS)))


@pytest.mark.usefixtures("real")
def test_MG507_silent_when_other_files_lie_beside(tmp_path: Path) -> None:
    files = staged(tmp_path, sample())
    (tmp_path / "cluster-1/notes.yaml").write_text("a: [", "utf-8")
    assert validate(tmp_path, files) == ([], Summary(valid=1))


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["the root", "metadata", "depth"])
def test_MG507_fires_when_an_unknown_field_stands_anywhere(tmp_path: Path, kind: str, place: str) -> None:
    body = valid(kind)
    if place == "depth" and "spec" not in body:
        body["metadata"]["labels"] = {"app": {"deep": "x"}}
    else:
        {"the root": body, "metadata": body["metadata"], "depth": deepest(body)}[place]["unknownField"] = {"x": 1}
    found, summary = validate(tmp_path, staged(tmp_path, manifest(body)))
    assert summary == Summary(invalid=1)
    assert {(one.code, one.span, one.object) for one in found} == {("MG507", span(7), "workspace/line-7")}


def deepest(body: Any) -> Any:
    """The last mapping on the way down the spec: a map of strings, or a closed object."""
    value: Any = body.get("spec", body)
    while inner := [item for item in children(value) if isinstance(item, dict) or any(children(item))]:
        value = inner[0]
    return value


def children(value: Any) -> list[Any]:
    values = value.values() if isinstance(value, dict) else value
    return [item for item in values if isinstance(item, dict | list)]


@pytest.mark.usefixtures("real")
def test_MG507_fires_when_a_value_is_wrong_with_file_and_pointer(tmp_path: Path) -> None:
    body = valid(ENTRY)
    body["spec"]["ports"][0]["number"] = 70000
    found, _ = validate(tmp_path, staged(tmp_path, manifest(body)))
    assert [one.message for one in found] == [
        f"kubeconform refuses `{ENTRY_PATH}`: at `/spec/ports/0/number`: maximum: got 70,000, want 65,535"
    ]


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("apiVersion: v1\nkind: Namespace\nkind: Namespace\nmetadata: {name: a}\n", 'key "kind" already set in map'),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", "could not find schema for Secret"),
        ("a: [", "error unmarshalling resource"),
    ],
    ids=["a key stands twice", "a kind has no schema", "it is no YAML"],
)
def test_MG507_fires_when_a_file_is_not_what_was_meant(tmp_path: Path, text: str, said: str) -> None:
    files = staged(tmp_path, sample())
    (tmp_path / ENTRY_PATH).write_text(text, "utf-8")
    (found,), summary = validate(tmp_path, files)
    assert summary == Summary(errors=1)
    assert (found.code, found.span) == ("MG507", span(7))
    assert said in found.message


@pytest.mark.usefixtures("real")
def test_every_file_is_judged_when_they_need_several_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubeconform, "_LONGEST_ARGUMENTS", 300)
    files = staged(tmp_path, *(sample(cluster=f"cluster-{number}") for number in range(9)))
    assert validate(tmp_path, files) == ([], Summary(valid=9))


@pytest.mark.usefixtures("real")
def test_MG507_fires_when_a_file_is_gone(tmp_path: Path) -> None:
    files = staged(tmp_path, sample())
    (tmp_path / ENTRY_PATH).unlink()
    found, _ = validate(tmp_path, files)
    assert {one.code for one in found} == {"MG507"}
    assert "no such file" in found[0].message


@pytest.mark.usefixtures("real")
def test_MG509_fires_when_a_file_holds_no_object(tmp_path: Path) -> None:
    files = staged(tmp_path, sample())
    (tmp_path / ENTRY_PATH).write_text("# nothing\n", "utf-8")
    (found,), _ = validate(tmp_path, files)
    assert (found.code, found.message) == (
        "MG509",
        "kubeconform failed: it was given 1 files and judged 0 objects",
    )


def answer(resources: str, valid: object) -> str:
    """A program that answers that."""
    counts = f'{{"valid":{valid},"invalid":0,"errors":0,"skipped":0}}'
    return f"""print(r'''{{"resources":{resources},"summary":{counts}}}''')"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a program of one's own in kubeconform's place."""

    def install(code: str) -> None:
        file = tmp_path / "bin" / "kubeconform"
        file.parent.mkdir()
        file.write_text(f"#!{sys.executable}\nimport sys, time\n{code}\n", "utf-8")
        file.chmod(0o755)
        monkeypatch.setenv(kubeconform.VARIABLE, str(file))

    return install


@pytest.mark.skipif(os.name == "nt", reason="a script is no program on Windows")
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "its answer is not the JSON that is expected: "),
        ("print('{}')", "its answer is not the JSON that is expected: {}"),
        ("print('[1]')", "its answer is not the JSON that is expected: [1]"),
        ("sys.exit('panic: out of memory')", "its answer is not the JSON that is expected: panic: out of memory"),
        ("print('oh'); sys.exit(2)", "it ended with 2: oh"),
        ("print('[' * 100_000)", "its answer is not the JSON that is expected: [["),
        ("print('9' * 100_000)", "its answer is not the JSON that is expected: 99"),
        (answer("null", 1), "its answer is not the JSON that is expected: "),
        (answer("[[]]", 1), "its answer is not the JSON that is expected: "),
        (answer('[{"status": []}]', 1), "its answer is not the JSON that is expected: "),
        (
            answer('[{"status": "statusInvalid", "validationErrors": 1}]', 1),
            "its answer is not the JSON that is expect",
        ),
        (
            answer('[{"status": "statusInvalid", "validationErrors": ["x"]}]', 1),
            "its answer is not the JSON that is ex",
        ),
        (
            answer('[{"status": "statusInvalid", "filename": "\\ud800"}]', 1),
            "its answer is not the JSON that is expect",
        ),
        (answer("[]", "1e999"), "its answer is not the JSON that is expected: "),
        (answer("[]", -1), "its answer is not the JSON that is expected: "),
        ("sys.stdout.buffer.write(b'\\xff' * 10)", "its answer is not the JSON that is expected: "),
        ("import os; os.kill(os.getpid(), 9)", "it ended with -9: "),
        ("print('x' * (65 << 20))", "its answer is larger than 64 MiB"),
        ("import subprocess; subprocess.Popen(['sleep', '60']); time.sleep(60)", "no answer within 0.5 seconds"),
        ("time.sleep(60)", "no answer within 0.5 seconds"),
        (
            """print('{"resources":[],"summary":{"valid":0,"invalid":0,"errors":0,"skipped":0}}')""",
            "it was given 1 files and judged 0 objects",
        ),
        (
            """print('{"resources":[],"summary":{"valid":0,"invalid":0,"errors":0,"skipped":1}}')""",
            "it left out 1 of 1 objects",
        ),
        (
            """print('{"resources":[],"summary":{"valid":0,"invalid":1,"errors":0,"skipped":0}}')""",
            "it counts more findings than it names",
        ),
        (
            """print('{"resources":[],"summary":{"valid":1,"invalid":0,"errors":0,"skipped":0}}'); sys.exit(1)""",
            "it ended with 1 and names no object: ",
        ),
    ],
)
def test_MG509_fires_when_the_program_misbehaves(tmp_path: Path, fake: Any, code: str, said: str) -> None:
    fake(code)
    timeout = 0.5 if "sleep" in code else 60
    found, _ = validate(tmp_path, staged(tmp_path, sample()), timeout=timeout)
    assert [one.code for one in found] == ["MG509"]
    assert found[0].message.startswith(f"kubeconform failed: {said}")


@pytest.mark.usefixtures("real")
def test_MG509_silent_when_there_is_nothing_to_judge(tmp_path: Path) -> None:
    assert validate(tmp_path, {}) == ([], Summary())


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No kubeconform: not named, not on PATH."""
    monkeypatch.delenv(kubeconform.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("nowhere")
def test_MG508_fires_when_it_is_required_and_missing(tmp_path: Path) -> None:
    (found,), summary = validate(tmp_path, staged(tmp_path, sample()), "require")
    assert (found.code, found.message, summary) == ("MG508", "kubeconform is required and not on PATH", None)


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("mode", ["auto", "off"])
def test_MG508_silent_when_it_is_not_required(tmp_path: Path, mode: kubeconform.Mode) -> None:
    assert validate(tmp_path, staged(tmp_path, sample()), mode) == ([], None)


def test_MG508_fires_when_the_variable_names_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kubeconform.VARIABLE, "no-such-program")
    (found,), summary = validate(tmp_path, staged(tmp_path, sample()), "auto")
    assert (found.code, summary) == ("MG508", None)
    assert found.message == "`MESHGEN_KUBECONFORM` names `no-such-program`, which is no program"


def test_MG508_fires_when_the_option_names_no_program(tmp_path: Path) -> None:
    (found,), summary = validate(tmp_path, staged(tmp_path, sample()), Path("tools/kubeconform"))
    assert (found.code, summary) == ("MG508", None)
    assert found.message == "`--kubeconform` names `tools/kubeconform`, which is no program"


def program_at(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("#!/bin/sh\nexit 2\n", "utf-8")
    file.chmod(0o755)
    return file


@pytest.mark.usefixtures("nowhere")
@pytest.mark.skipif(os.name == "nt", reason="a script is no program on Windows")
@pytest.mark.parametrize(
    ("program", "path"),
    [
        ("checkout/bin/kubeconform", "{root}/checkout/bin"),
        ("checkout/.cache/bin/kubeconform", "{root}/checkout/fleet/../.cache/bin"),
        ("checkout/bin/kubeconform", "{root}/link"),
        ("checkout/bin/kubeconform", "bin"),
        ("checkout/kubeconform", "."),
        ("checkout/kubeconform", ""),
        ("mesh/bin/kubeconform", "{root}/mesh/bin"),
    ],
)
def test_MG508_fires_when_the_program_of_PATH_came_with_what_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, path: str
) -> None:
    for repository in ("checkout", "mesh"):
        (tmp_path / repository / ".git").mkdir(parents=True)
        (tmp_path / repository / "fleet").mkdir()
    program_at(tmp_path / program)
    (tmp_path / "link").symlink_to(tmp_path / "checkout/bin")
    monkeypatch.chdir(tmp_path / "checkout")
    monkeypatch.setenv("PATH", path.format(root=tmp_path))
    places = (tmp_path / "mesh/fleet",)
    (found,), summary = validate(tmp_path, staged(tmp_path, sample()), "require", places=places)
    assert (found.code, summary) == ("MG508", None)
    assert found.message.endswith("came with what is built, and is not run")
    assert validate(tmp_path, staged(tmp_path, sample()), places=places) == ([], None)


@pytest.mark.usefixtures("nowhere")
@pytest.mark.skipif(os.name == "nt", reason="a script is no program on Windows")
def test_MG508_silent_when_PATH_or_the_option_has_another_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = tmp_path / "checkout"
    theirs, ours = program_at(checkout / "bin/kubeconform"), program_at(tmp_path / "usr/bin/kubeconform")
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("PATH", f"{theirs.parent}{os.pathsep}{ours.parent}")
    assert kubeconform.find() == ours
    assert kubeconform.find(Path("bin/kubeconform")) == theirs
