"""The set-up that `python -m matchmaker` does by itself, and the lists of what it installs."""

import ast
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

CHECKOUT = Path(__file__).resolve().parents[1]
LOCKS = ["requirements.lock", "requirements-test.lock"]
COMMAND_LINE = """
import json, sys
def main(argv=None):
    print(json.dumps({"prefix": sys.prefix, "arguments": argv}))
    return 7 if "fail" in argv else 0
"""


def project():
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))


def requirements(name):
    lines = (CHECKOUT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(text) for line in lines if (text := line.partition("#")[0].strip())]


def test_bootstrap_imports_only_the_standard_library_and_itself():
    tree = ast.parse((CHECKOUT / "matchmaker" / "__main__.py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert {name.partition(".")[0] for name in imported} - sys.stdlib_module_names == {"matchmaker"}


def test_bootstrap_is_readable_for_python_3_7():
    source = (CHECKOUT / "matchmaker" / "__main__.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))


def test_package_and_requirements_file_share_one_list():
    assert "dependencies" in project()["project"]["dynamic"]
    assert project()["tool"]["setuptools"]["dynamic"]["dependencies"] == {"file": ["requirements.txt"]}


def test_every_requirement_has_both_bounds_in_the_form_that_the_bootstrap_reads():
    lines = (CHECKOUT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    written = [line.partition("#")[0].strip() for line in lines]
    written += project()["project"]["optional-dependencies"]["test"]
    for text in filter(None, written):
        assert re.fullmatch(r"[a-z0-9-]+>=\d+(\.\d+)*,<\d+(\.\d+)*", text)


def test_every_requirement_says_what_it_is_for():
    lines = (CHECKOUT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        assert line.startswith("#") or re.search(r"# .+; \S+$", line), line


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_every_requirement_inside_its_bounds(lock):
    pins = {pin.name: Version(str(pin.specifier).removeprefix("==")) for pin in requirements(lock)}
    needed = requirements("requirements.txt")
    if lock == "requirements-test.lock":
        needed += [Requirement(text) for text in project()["project"]["optional-dependencies"]["test"]]
    for requirement in needed:
        assert pins[requirement.name] in requirement.specifier


def test_both_locks_agree():
    run, test = ({str(pin) for pin in requirements(lock)} for lock in LOCKS)
    assert run <= test


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_address_and_no_path(lock):
    text = (CHECKOUT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "/" not in text
    assert "\\" not in text


class Copy:
    """A checkout of its own that needs no packages, so that its set-up needs no network."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = folder / ".venv"
        self.stamp = self.environment / "matchmaker-setup.json"
        self.lock = folder / "requirements.lock"
        package = folder / "matchmaker"
        package.mkdir(parents=True)
        for name in ("__init__.py", "__main__.py"):
            (package / name).write_bytes((CHECKOUT / "matchmaker" / name).read_bytes())
        (package / "cli.py").write_text(COMMAND_LINE)
        # A requirement that no environment meets, so that the running Python is never good enough.
        (folder / "requirements.txt").write_text("a-package-that-does-not-exist>=1,<2\n")
        self.lock.write_text("# nothing\n")

    def start(self, *arguments, cwd=None, target="folder", variables=None):
        command = ["-m", "matchmaker"] if target == "module" else [str(self.folder / "matchmaker")]
        return subprocess.Popen(
            [sys.executable, *command, *arguments],
            cwd=cwd or self.folder,
            env=dict(os.environ, **(variables or {})),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, *arguments, **settings):
        with self.start(*arguments, **settings) as process:
            output, messages = process.communicate()
        return process.returncode, output, messages


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A copy whose environment is set up; made once, since that takes some seconds."""
    copy = Copy(tmp_path_factory.mktemp("finished") / "checkout with space")
    first, second = copy.start("partners"), copy.start("partners")
    copy.outcomes = [(*process.communicate(), process.returncode) for process in (first, second)]
    return copy


def test_two_first_starts_at_once_make_one_environment(finished):
    answers = [json.loads(output) for output, _, _ in finished.outcomes]
    assert [code for _, _, code in finished.outcomes] == [0, 0]
    assert {answer["prefix"] for answer in answers} == {str(finished.environment)}
    announced = [messages for _, messages, _ in finished.outcomes if "Richte die Umgebung ein" in messages]
    assert len(announced) == 1


def test_stamp_names_python_and_lock(finished):
    stamp = json.loads(finished.stamp.read_text())
    assert stamp["python"] == "{}.{}".format(*sys.version_info)
    assert len(stamp["requirements.lock"]) == 64


def test_second_start_sets_nothing_up(finished):
    before = finished.stamp.stat().st_mtime_ns
    code, output, messages = finished.run("--lang", "en", "partners")
    assert (code, messages) == (0, "")
    assert json.loads(output)["arguments"] == ["--lang", "en", "partners"]
    assert finished.stamp.stat().st_mtime_ns == before


@pytest.mark.parametrize("target", ["folder", "module"])
def test_starts_from_any_folder(finished, tmp_path, target):
    # A namesake in the current folder must not be mistaken for the program.
    (tmp_path / "matchmaker").mkdir()
    (tmp_path / "matchmaker" / "cli.py").write_text("raise SystemExit('the wrong one')")
    variables = {"PYTHONPATH": str(finished.folder)} if target == "module" else {}
    cwd = finished.folder / "matchmaker" if target == "module" else tmp_path
    code, output, _ = finished.run("partners", cwd=cwd, target=target, variables=variables)
    assert code == 0
    assert json.loads(output)["prefix"] == str(finished.environment)


def test_exit_code_is_that_of_the_command(finished):
    assert finished.run("fail")[0] == 7


def test_changed_lock_is_installed_again_without_a_new_environment(finished):
    settings = finished.environment / "pyvenv.cfg"
    marker = finished.environment / "kept"
    marker.touch()
    before = json.loads(finished.stamp.read_text())
    finished.lock.write_text("# still nothing\n")
    code, _, messages = finished.run("partners")
    assert code == 0
    assert "Setting up the environment" in messages
    assert json.loads(finished.stamp.read_text()) != before
    assert settings.exists()
    assert marker.exists()


def test_interrupted_set_up_is_repeated(finished):
    finished.stamp.unlink()
    code, _, messages = finished.run("partners")
    assert code == 0
    assert "Setting up the environment" in messages
    assert "requirements.lock" in json.loads(finished.stamp.read_text())


def test_environment_whose_python_is_gone_is_made_anew(finished):
    python = finished.environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    marker = finished.environment / "left over"
    marker.touch()
    python.unlink()
    assert finished.run("partners")[0] == 0
    assert python.exists()
    assert not marker.exists()


def test_failed_installation_says_so_and_leaves_no_stamp(finished):
    good = finished.lock.read_text()
    finished.lock.write_text("a-package-that-does-not-exist==1\n")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull, "UV_OFFLINE": "1"}
    code, output, messages = finished.run("partners", variables=offline)
    assert (code, output) == (1, "")
    assert "Netz und Proxy prüfen" in messages
    assert "requirements.lock" not in json.loads(finished.stamp.read_text())
    finished.lock.write_text(good)
    assert finished.run("partners")[0] == 0


@pytest.mark.parametrize("arguments", [["--help"], ["partners", "-h"], []])
def test_help_needs_no_environment(tmp_path, arguments):
    copy = Copy(tmp_path / "checkout")
    began = time.monotonic()
    code, output, messages = copy.run(*arguments)
    assert time.monotonic() - began < 2  # generous: the machine may be busy with other tests
    assert (code, messages) == (0, "")
    assert json.loads(output) == {"prefix": sys.prefix, "arguments": arguments}
    assert not copy.environment.exists()


def test_environment_that_has_everything_is_used_as_it_is(tmp_path):
    copy = Copy(tmp_path / "checkout")
    installed = Version(version("pytest"))
    (copy.folder / "requirements.txt").write_text(f"pytest>={installed.major},<{installed.major + 1} # reason\n")
    code, output, messages = copy.run("partners")
    assert (code, messages) == (0, "")
    assert json.loads(output)["prefix"] == sys.prefix
    assert not copy.environment.exists()


def test_test_command_runs_the_tests_of_the_checkout(tmp_path):
    copy = Copy(tmp_path / "checkout")
    (copy.folder / "requirements.txt").write_text("")
    (copy.folder / "pyproject.toml").write_text("[project.optional-dependencies]\ntest = []\n")
    (copy.folder / "test_it.py").write_text("def test_it():\n    assert True\n")
    code, output, _ = copy.run("test", "--quiet", "test_it.py", cwd=tmp_path)
    assert code == 0
    assert "1 passed" in output
