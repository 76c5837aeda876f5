"""tidegate nodes new: what it writes works as it is, and nothing that is there is lost."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidegate.cli import main
from tidegate.node_sources import load_node_types


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(tmp_path / "new")
    yield tmp_path / "new"
    for name in ("shop_order_total", "test_shop_order_total"):
        sys.modules.pop(name, None)


def test_a_new_node_passes_its_own_test_and_is_loaded(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nodes", "new", "shop.order_total", "--dir", str(folder)]) == 0
    assert "export TIDEGATE_NODES=shop_order_total" in capsys.readouterr().out
    tests = importlib.import_module("test_shop_order_total")
    found = [each for name, each in vars(tests).items() if name.startswith("test_")]
    assert len(found) == 3
    for each in found:
        each()
    assert load_node_types(["shop_order_total"]).registry.guests == {"shop.order_total"}


def test_what_is_there_is_not_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder.mkdir()
    (folder / "test_shop_say.py").write_text("mine")
    assert main(["nodes", "new", "shop.say", "--dir", str(folder)]) == 1
    assert "is there already; nothing was written." in capsys.readouterr().err
    assert [each.name for each in folder.iterdir()] == ["test_shop_say.py"]
    assert (folder / "test_shop_say.py").read_text() == "mine"


@pytest.mark.parametrize("name", ["shop", "Shop.say", "shop-say.x", "../shop.say", "shop.", ""])
def test_a_name_that_no_type_may_have_is_refused(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nodes", "new", name, "--dir", str(folder)]) == 1
    assert "is no name of a node type" in capsys.readouterr().err
    assert not folder.exists()
