"""Settings: where each comes from, and one sentence for each that is wrong."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.settings import Setting, SettingsError, Value, address, folder, load, period, text

DECLARED = (
    Setting("listen", ("127.0.0.1", 8080), address, "Where to listen"),
    Setting("report_every", 3600, lambda raw: period(raw, 300, 86400), "How often"),
)


def written(folder_of_file: Path, content: str | bytes) -> dict[str, str]:
    """Write a configuration file and return the environment that names it."""
    path = folder_of_file / "baove.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return {"BAOVE_CONFIG": str(path)}


def refused(environ: Mapping[str, str], given_there: Mapping[str, Any] | None = None) -> str:
    """Return the sentence with which settings are refused."""
    with pytest.raises(SettingsError) as caught:
        load(DECLARED, environ, given=given_there)
    assert str(caught.value) == caught.value.template.format_map(caught.value.arguments)
    return str(caught.value)


def test_the_command_line_comes_before_the_environment_before_the_file_before_the_default(tmp_path: Path) -> None:
    """Each value tells its origin."""
    nothing: dict[str, str] = written(tmp_path, "")
    file = written(tmp_path, 'report_every = "10m"\n')
    both = {**file, "BAOVE_REPORT_EVERY": "20m"}

    assert load(DECLARED, {**file, "BAOVE_REPORT_EVERY": ""})["report_every"] == Value(600, file["BAOVE_CONFIG"])
    assert load(DECLARED, both)["report_every"] == Value(1200, "BAOVE_REPORT_EVERY")
    assert load(DECLARED, both, given={"report_every": "30m"})["report_every"] == Value(1800, "--report-every")
    assert load(DECLARED, both, given={"report_every": None})["report_every"].origin == "BAOVE_REPORT_EVERY"
    assert load(DECLARED, nothing)["listen"] == Value(("127.0.0.1", 8080), "default")


def test_an_unknown_key_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    """A slip of the pen must not pass for a setting."""
    environ = written(tmp_path, 'lisen = "127.0.0.1:80"\n')

    assert refused(environ) == f"{environ['BAOVE_CONFIG']}, lisen: expected one of listen, report_every"


def test_a_key_of_another_program_is_left_to_it(tmp_path: Path) -> None:
    """One file may serve the hub and the agent of one machine."""
    environ = written(tmp_path, 'database = "postgresql://"\n')

    assert load(DECLARED, environ, others=["database"])["report_every"].origin == "default"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("listen = 8080\n", "{file}, listen: expected a text, not 8080"),
        ('listen = "nowhere"\n', "{file}, listen: expected HOST:PORT such as 127.0.0.1:8080, not 'nowhere'"),
        ('report_every = "1s"\n', "{file}, report_every: expected a period from 300 s to 86400 s, not '1s'"),
        (b"listen = '\xff'\n", "{file}: expected UTF-8 text: save the file as UTF-8"),
        ("listen =\n", "{file}: expected TOML: Invalid value (at line 1, column 9)"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    """It names the file, the key and what was expected."""
    environ = written(tmp_path, content)

    assert refused(environ) == sentence.format(file=environ["BAOVE_CONFIG"])


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    """A wrong path must not pass for a file without settings; the usual file may be absent."""
    path = tmp_path / "absent.toml"

    assert refused({"BAOVE_CONFIG": str(path)}) == f"{path}: expected a file here, found none"
    assert refused({"BAOVE_CONFIG": str(tmp_path)}) == f"{tmp_path}: could not be read: Is a directory"


def test_a_wrong_word_elsewhere_names_its_place() -> None:
    """The variable, or the option."""
    assert refused({"BAOVE_LISTEN": "x"}).startswith("BAOVE_LISTEN: expected HOST:PORT")
    assert refused({}, {"report_every": "soon"}).startswith("--report-every: expected a period")


@pytest.mark.parametrize(
    ("raw", "value"),
    [("127.0.0.1:8080", ("127.0.0.1", 8080)), ("[::1]:80", ("::1", 80)), (" localhost:0 ", ("localhost", 0))],
)
def test_an_address_is_a_host_and_a_port(raw: str, value: tuple[str, int]) -> None:
    """IPv6 stands in brackets."""
    assert address(raw) == value


@pytest.mark.parametrize("raw", ["127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:8o", "a:٣"])
def test_what_is_no_address_is_refused(raw: str) -> None:
    """So is a port in other digits, which int() would take."""
    with pytest.raises(ValueError, match="expected HOST:PORT"):
        address(raw)


def test_a_folder_may_stand_in_the_home() -> None:
    """A path becomes absolute, so that it means the same wherever one stands."""
    assert folder("~/agent") == Path.home() / "agent"
    assert folder("agent").is_absolute()


@given(st.text() | st.none() | st.integers() | st.lists(st.text()))
def test_whatever_is_written_is_a_value_or_a_sentence(raw: object) -> None:
    """No parser fails in another way than by saying what it expected."""
    for parse in (address, text, folder, lambda one: period(one, 1, 100)):
        assert _said(parse, raw) in {"", "expected"}


def _said(parse: Callable[[object], object], raw: object) -> str:
    """Return the first word of a parser's refusal; none where it takes the value."""
    try:
        parse(raw)
    except ValueError as why:
        return str(why).split()[0]
    return ""
