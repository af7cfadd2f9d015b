"""Tests of `dreamplay.hub`, `repository` and `outage` against a real server on the loopback.

The Hub's library reads its endpoint when it is imported: what asks it runs in a process of its own.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.numpy import load_file

import dreamplay.config
from dreamplay import hub, repository
from dreamplay.errors import CheckpointError, UnknownNameError, UsageError
from tests.hub_server import COMMIT, LFS_POINTER, HubServer, serve
from tests.machine import Machine
from tests.patience import stretched
from tests.samples import write_cartridge


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machine, HubServer, Path]]:
    """A machine and a server for all tests, and the directory that is published."""
    folder = tmp_path_factory.mktemp("hub")
    write_cartridge(folder / "published")
    (folder / "published" / "README.md").write_text("# Mario\n")
    with serve(folder / "published") as server, closing(Machine(folder / "home", server.address)) as machine:
        yield machine, server, folder / "published"


@pytest.fixture
def machine(running: tuple[Machine, HubServer, Path]) -> Machine:
    """A machine with an empty cache."""
    shutil.rmtree(running[0].home / "hub", ignore_errors=True)
    return running[0]


@pytest.fixture
def server(running: tuple[Machine, HubServer, Path]) -> HubServer:
    """A Hub that serves one sound cartridge."""
    running[1].restart(running[2])
    return running[1]


def test_a_repository_is_downloaded_verified_and_found_again_offline(machine: Machine, server: HubServer) -> None:
    assert machine.run("hub.find('user/mario')") == (0, str(machine.snapshot))
    assert load_file(machine.snapshot / "codec.safetensors")["weight"].shape == (64,)
    asked = len(server.requests)
    assert machine.run("hub.find('user/mario')") == (0, str(machine.snapshot))
    assert machine.run("hub.find('user/mario', offline=True)") == (0, str(machine.snapshot))
    assert machine.run("hub.verify('user/mario')") == (0, "None")
    assert len(server.requests) == asked


def test_a_name_keeps_its_commit_until_it_is_renewed(machine: Machine, server: HubServer) -> None:
    machine.run("hub.find('user/mario')")
    server.commit = "b" * 40
    assert machine.run("hub.find('user/mario')") == (0, str(machine.snapshot))
    renewed = str(machine.snapshot.parent / ("b" * 40))
    assert machine.run("hub.get('user/mario')") == (0, renewed)
    assert machine.run("hub.find('user/mario')") == (0, renewed)


def test_a_revision_is_asked_for_by_name(machine: Machine, server: HubServer) -> None:
    assert machine.run("hub.find('user/mario@v2')")[0] == 0
    assert "GET /api/models/user/mario/revision/v2" in server.requests
    status, words = machine.run("hub.find('user/mario', offline=True)")
    assert (status, words) == (
        4,
        "NetworkError Offline, and user/mario is not in the cache. Later: dreamplay get user/mario",
    )


@pytest.fixture
def alias(machine: Machine, server: HubServer) -> Iterator[str]:
    """A short name of what the server has, known to the machine."""
    sha256 = hashlib.sha256(server.files["config.json"]).hexdigest()
    machine.run(f"hub.ALIASES.update(zelda=hub.repository.Repository('user/mario', '{COMMIT}', '{sha256}'))")
    yield "zelda"
    machine.run("hub.ALIASES.clear()")


def test_an_alias_is_downloaded_at_its_commit_and_found_again_offline(machine: Machine, alias: str) -> None:
    listed = "[(each.name, each.installed) for each in hub.listing() if each.name == 'zelda' or '/' in each.name]"
    assert machine.run(listed) == (0, "[('zelda', False)]")
    assert machine.run("hub.find('zelda')") == (0, str(machine.snapshot))
    assert machine.run("hub.find('zelda', offline=True)") == (0, str(machine.snapshot))
    assert machine.run(listed) == (0, "[('zelda', True)]")
    assert "zelda" in machine.run("hub.find('nothing')")[1]


def test_an_alias_that_stands_for_something_else_now_stops_with_the_difference(
    machine: Machine, server: HubServer, alias: str, tmp_path: Path
) -> None:
    write_cartridge(tmp_path / "another")
    server.files = {path.name: path.read_bytes() for path in (tmp_path / "another").iterdir()}
    status, said = machine.run("hub.find('zelda')")
    assert status == 3
    assert "user/mario@3f2a1c9 is not what this dreamplay knows: config.json was " in said
    assert not any("denoiser" in request for request in server.requests)
    machine.run("hub.find('user/mario')")
    assert machine.run("hub.find('zelda', offline=True)")[0] == 4


def test_a_commit_that_the_hub_exchanges_for_another_is_refused(machine: Machine, server: HubServer) -> None:
    server.commit = "b" * 40
    status, said = machine.run(f"hub.find('user/mario@{COMMIT}')")
    assert status == 3
    assert "answers with another commit, bbbbbbb" in said


def test_every_alias_is_pinned_to_a_commit_and_a_hash() -> None:
    for name, pinned in hub.ALIASES.items():
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert re.fullmatch(r"[0-9a-f]{40} [0-9a-f]{64}", f"{pinned.revision} {pinned.sha256}")


def test_the_list_names_what_the_cache_holds(machine: Machine, server: HubServer) -> None:
    machine.run("hub.find('user/mario')")
    status, words = machine.run("[e for e in hub.listing() if e.name == 'user/mario']")
    assert status == 0
    assert "title='Super Mario Bros'" in words
    assert "licence='MIT'" in words
    assert "3f2a1c9" in words


def test_a_cartridge_that_the_cache_has_lost_is_to_be_downloaded_again(machine: Machine, server: HubServer) -> None:
    _, found = machine.run("hub.find('user/mario')")
    (Path(found) / "codec.safetensors").unlink()
    assert machine.run("[(e.name, e.installed) for e in hub.listing() if e.missing]") == (0, "[('user/mario', False)]")
    assert machine.run("hub.find('user/mario')") == (0, found)
    assert machine.run("[e.name for e in hub.listing() if e.missing]") == (0, "[]")


def test_progress_ends_at_the_size_of_all_files(machine: Machine, server: HubServer) -> None:
    total = sum(map(len, server.files.values()))
    assert machine.run("(seen := [], hub.get('user/mario', lambda *each: seen.append(each)), seen[-1])[-1]") == (
        0,
        str((total, total)),
    )


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("401", "The Hub knows no user/mario, or it is private (401)."),
        ("403", "The Hub refuses user/mario (403)."),
        ("404", "The Hub has no user/mario (404)."),
        ("503", "Cannot reach the Hub (it answers with error 503); user/mario is not in the cache. Later: dreamplay"),
        ("429", "Cannot reach the Hub (it answers with error 429)"),
        ("html", "Cannot reach the Hub (something else answers in its place"),
    ],
)
def test_a_refusal_is_one_sentence(machine: Machine, server: HubServer, fault: str, words: str) -> None:
    server.fault = fault
    status, said = machine.run("hub.find('user/mario')")
    assert status == 4
    assert said.startswith("NetworkError " + words)


def test_a_hub_that_is_not_there_is_one_sentence_within_seconds(tmp_path: Path) -> None:
    begin = time.monotonic()
    with closing(Machine(tmp_path / "home", "http://127.0.0.1:9")) as machine:
        answer = machine.run("hub.find('user/mario')")
    assert answer == (
        4,
        "NetworkError Cannot reach the Hub (connection refused); user/mario is not in the cache."
        " Later: dreamplay get user/mario",
    )
    assert time.monotonic() - begin < stretched(5)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["stall", "stall file"])
def test_a_stalled_hub_is_given_up(machine: Machine, server: HubServer, fault: str) -> None:
    server.fault = fault
    status, said = machine.run("hub.find('user/mario')")
    assert status == 4
    assert "Cannot reach the Hub (timed out after 10 s)" in said


@pytest.mark.parametrize("after", [0, 1, 100, 400])
def test_a_download_that_breaks_off_is_resumed(machine: Machine, server: HubServer, after: int) -> None:
    server.drop_at = after
    assert machine.run("hub.find('user/mario')") == (0, str(machine.snapshot))


def test_a_download_that_breaks_off_for_good_leaves_nothing_to_be_found(machine: Machine, server: HubServer) -> None:
    server.drop_at = 100
    server.refuse_after_drop = True
    assert "error 503" in machine.run("hub.find('user/mario')")[1]
    assert machine.run("hub.find('user/mario', offline=True)")[0] == 4
    server.fault = ""
    assert machine.run("hub.find('user/mario')")[0] == 0


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("codec.safetensors", None, "codec.safetensors: sha256 is"),
        ("codec.safetensors", b"<!doctype html><title>Oops</title>", "codec.safetensors: is a web page"),
        ("codec.safetensors", LFS_POINTER, "codec.safetensors: is a Git LFS pointer"),
        ("config.json", b"<!doctype html>", "config.json: is no JSON"),
        ("config.json", LFS_POINTER, "config.json: is no JSON"),
    ],
)
def test_wrong_bytes_are_refused_and_not_kept(
    machine: Machine, server: HubServer, name: str, content: bytes | None, words: str
) -> None:
    right = server.files[name]
    server.files[name] = right[:-1] + b"\x01" if content is None else content
    status, said = machine.run("hub.find('user/mario')")
    assert status == 3
    assert words in said
    server.files[name] = right
    assert machine.run("hub.find('user/mario')") == (0, str(machine.snapshot))


def test_a_commit_that_holds_something_else_stops_with_the_difference(
    machine: Machine, server: HubServer, tmp_path: Path
) -> None:
    machine.run("hub.find('user/mario')")
    write_cartridge(tmp_path / "another")
    right, server.files = server.files, {path.name: path.read_bytes() for path in (tmp_path / "another").iterdir()}
    shutil.rmtree(machine.snapshot)
    status, said = machine.run("hub.find('user/mario')")
    assert status == 3
    assert "user/mario@3f2a1c9 is not what was downloaded first: config.json was " in said
    assert machine.run("hub.find('user/mario', offline=True)")[0] == 4
    server.files = right
    assert machine.run("hub.find('user/mario')") == (0, str(machine.snapshot))


def test_a_config_that_was_changed_in_the_cache_is_not_played_until_it_is_got_anew(
    machine: Machine, server: HubServer
) -> None:
    machine.run("hub.find('user/mario')")
    blob = (machine.snapshot / "config.json").resolve()
    blob.write_text(blob.read_text().replace("MIT", "GPL"))
    status, said = machine.run("hub.find('user/mario')")
    assert status == 3
    assert said.endswith(f"Get it anew: dreamplay get user/mario@{COMMIT}")
    assert machine.run(f"hub.get('user/mario@{COMMIT}')") == (0, str(machine.snapshot))
    assert machine.run("hub.find('user/mario')") == (0, str(machine.snapshot))


@pytest.mark.parametrize("content", [b"", b"\xff", b"0 config.json\n", b"0" * 9000])
def test_a_pin_that_is_none_is_an_error(machine: Machine, server: HubServer, content: bytes) -> None:
    machine.run("hub.find('user/mario')")
    (machine.snapshot.parents[1] / "pins" / COMMIT).write_bytes(content)
    status, said = machine.run("hub.find('user/mario')")
    assert status == 3
    assert "is no pin. Delete it" in said


def test_a_repository_without_config_is_no_cartridge(machine: Machine, server: HubServer) -> None:
    del server.files["config.json"]
    assert machine.run("hub.find('user/mario')")[1].endswith("holds no config.json, so it is no cartridge")


def test_only_the_files_of_a_cartridge_are_downloaded(machine: Machine, server: HubServer) -> None:
    server.files |= {"model.pt": b"\x80\x04.", "run.py": b"print()"}
    machine.run("hub.find('user/mario')")
    names = {path.name for path in machine.snapshot.iterdir()}
    assert names == {"config.json", "README.md", *dreamplay.config.WEIGHTS}


def test_a_download_for_which_there_is_no_room_is_not_begun(machine: Machine, server: HubServer) -> None:
    status, said = machine.run("hub.repository.check_room(1 << 60)")
    assert status == 7
    assert "the download needs" in said


def test_what_was_deleted_from_the_cache_is_downloaded_again(machine: Machine, server: HubServer) -> None:
    machine.run("hub.find('user/mario')")
    (machine.snapshot / "codec.safetensors").resolve().unlink()
    assert machine.run("hub.find('user/mario', offline=True)")[0] == 4
    assert machine.run("hub.find('user/mario')")[0] == 0
    assert (machine.snapshot / "codec.safetensors").is_file()


def test_a_cartridge_is_published_without_what_does_not_belong_to_it(
    machine: Machine, server: HubServer, tmp_path: Path
) -> None:
    directory = tmp_path / "mario"
    write_cartridge(directory)
    (directory / "secret.txt").write_text("mine")
    status, said = machine.run(f"hub.publish(Path('{directory}'), 'user/mario')")
    assert (status, said) == (0, f"{server.address}/user/mario/commit/{COMMIT}")
    assert server.uploaded == {
        path.name: path.read_bytes() for path in directory.iterdir() if path.name != "secret.txt"
    }


def test_a_hub_that_fails_publishes_nothing(machine: Machine, server: HubServer, tmp_path: Path) -> None:
    write_cartridge(tmp_path / "mario")
    server.fault = "500"
    status, said = machine.run(f"hub.publish(Path('{tmp_path}/mario'), 'user/mario')")
    assert status == 4
    assert said.endswith("(it answers with error 500); nothing was published. Try again later")


def test_a_damaged_cartridge_is_not_published(tmp_path: Path) -> None:
    write_cartridge(tmp_path)
    (tmp_path / "codec.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"codec.safetensors: no such file"):
        hub.publish(tmp_path, "user/mario")
    with pytest.raises(UsageError, match="write user/repo"):
        hub.publish(tmp_path, "mario")


def test_a_file_that_is_not_pinned_fails_the_check(tmp_path: Path) -> None:
    made = write_cartridge(tmp_path)
    pinned = {name: digest for name, digest in made.sha256.items() if name != "motion.safetensors"}
    dreamplay.config.save(tmp_path, replace(made, sha256=pinned))
    with pytest.raises(CheckpointError, match=r"motion.safetensors: config.json pins no sha256 for it"):
        hub.verify(str(tmp_path))


def test_a_directory_is_found_as_it_stands(tmp_path: Path) -> None:
    assert hub.find(str(tmp_path)) == tmp_path


@pytest.mark.parametrize(
    "name", ["marioo", "", "../../etc/passwd", "/absent", "a/b/c", "C:\\mario", "x" * 5000, "a\0b"]
)
def test_a_mistyped_name_says_what_there_is(name: str) -> None:
    with pytest.raises(UnknownNameError, match=r"(?s)no model named .* \(found: "):
        hub.find(name)


def test_a_mistyped_name_is_answered_at_once_without_torch() -> None:
    code = """
import sys, time
from dreamplay import hub
try:
    hub.find("marioo")
except hub.UnknownNameError:
    pass
print(time.process_time(), "torch" in sys.modules)
"""
    seconds, loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert float(seconds) < 0.3  # of the processor, the interpreter's start included: the machine has other work
    assert loaded == "False"


@pytest.mark.parametrize(
    ("name", "parsed"),
    [
        ("user/repo", ("user/repo", None)),
        ("user/repo@v1.0", ("user/repo", "v1.0")),
        ("user/repo@../../x", None),
        ("user/../repo", None),
        ("../repo", None),
        ("user/repo@", None),
        ("https://huggingface.co/user/repo", None),
    ],
)
def test_only_plain_names_are_repositories(name: str, parsed: tuple[str, str | None] | None) -> None:
    found = repository.parse(name)
    assert found == (repository.Repository(*parsed) if parsed else None)
