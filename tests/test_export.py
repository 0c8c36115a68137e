"""The command `temnet export`."""

import importlib.util
from pathlib import Path

import pytest

from temnet import export
from temnet.command_line.command import DONE, WRONG_INPUT
from temnet.system.shipped import shipped

needs_onnx = pytest.mark.skipif(
    importlib.util.find_spec("onnx") is None, reason="needs temnet[onnx]"
)


@needs_onnx
def test_a_network_is_written_under_its_name_or_another(tmp_path, monkeypatch, capsys):
    import onnx

    monkeypatch.chdir(tmp_path)
    assert export.main(["mos2-msdnet", "--onnx"]) == DONE
    assert capsys.readouterr().out == "mos2-msdnet.onnx: 0.3 MB\n"
    folder = str(shipped("pretrained") / "mos2-msdnet")
    assert export.main([folder, "--onnx", "sub/Own.ONNX"]) == DONE
    first, other = (Path(name).read_bytes() for name in ("mos2-msdnet.onnx", "sub/Own.ONNX"))
    assert first == other
    model = onnx.load_from_string(first)
    values = {entry.key: entry.value for entry in model.metadata_props}
    assert values["network"] == "mos2-msdnet" and '"Mo"' in values["classes"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["mos2-msdnte", "--onnx"], "did you mean mos2-msdnet"),
        (["mos2-msdnet", "--onnx", "image.tif"], "image.tif: expected the name of a file"),
        (["mos2-msdnet", "--onnx", "folder.onnx"], "folder.onnx: expected the name of a file"),
        (["mos2-msdnet"], "required: --onnx"),
    ],
)
def test_wrong_words_are_refused_in_a_sentence(words, expected, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.onnx").mkdir()
    assert export.main(words) == WRONG_INPUT
    assert expected in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["folder.onnx"]


def test_without_the_package_onnx_the_command_names_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    assert export.main(["mos2-msdnet", "--onnx"]) == WRONG_INPUT
    assert capsys.readouterr().err == (
        "The package onnx is not installed. Install it: pip install onnx\n"
    )
