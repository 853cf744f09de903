"""Without a package index, the demo says that it leaves out the models."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.models import DbtMissingError, install


def test_what_the_installer_says_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(DbtMissingError, match="dbt-core"):
        install(tmp_path / "environment")
