"""The command `temnet` and its small subcommands."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import temnet
from temnet import init, networks
from temnet.__main__ import SUBCOMMANDS, main
from temnet.command_line.command import DONE, WRONG_INPUT
from temnet.config.loading import load_experiment
from temnet.models.network_folders import network_names, read_card, search_folders
from temnet.system.shipped import shipped

EXPERIMENTS = Path(__file__).parents[1] / "experiments"


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_each_subcommand_has_help_under_its_name(name, capsys):
    assert main([name, "--help"]) == DONE
    assert capsys.readouterr().out.startswith(f"usage: temnet {name} ")


def test_the_help_lists_all_subcommands(capsys):
    assert main([]) == DONE
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in SUBCOMMANDS)


def test_the_version_is_that_of_the_package(capsys):
    assert main(["--version"]) == DONE
    assert capsys.readouterr().out == f"temnet {temnet.__version__}\n"


@pytest.mark.parametrize(("word", "near"), [("predikt", "did you mean predict"), ("zzz", "run")])
def test_a_wrong_subcommand_gets_advice(word, near, capsys):
    assert main([word]) == WRONG_INPUT
    assert near in capsys.readouterr().err


def test_arguments_reach_the_subcommand(capsys, monkeypatch):
    module = import_module(SUBCOMMANDS["run"].module)
    seen = []
    monkeypatch.setattr(module, "main", lambda words, prog: seen.append((words, prog)) or 7)
    assert main(["run", "a.yaml", "--check"]) == 7
    assert seen == [(["a.yaml", "--check"], "temnet run")]


def test_the_networks_are_listed_with_their_images(capsys):
    assert networks.main([]) == DONE
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == network_names()
    assert lines[-1] == "Where none is named, columns-unet is used."
    (line,) = (line for line in lines if line.startswith("mos2-unet"))
    card = read_card(shipped("pretrained") / "mos2-unet")
    for cell in ("Mo, S2, S", "50 kV", "0.1–0.12 Å", "3 (0 to 100 Å)", "100–100,000 e/Å²"):
        assert cell in line
    assert f"  {card.validation.macro_f1:.2f}  " in line


def test_a_near_miss_of_a_network_gets_advice(capsys):
    assert networks.main(["nanoparticel_unet"]) == WRONG_INPUT
    assert "did you mean nanoparticle-unet" in capsys.readouterr().err


def test_networks_load_nothing_heavy():
    code = (
        "import sys, temnet.networks as n; n.main([]); "
        "assert not {'tensorflow', 'keras', 'abtem'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_networks_are_searched_in_the_user_s_folders_first(monkeypatch, tmp_path):
    monkeypatch.setenv("TEMNET_PRETRAINED", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    own, user, come_along = search_folders()
    assert own == tmp_path / "own"
    assert user.name == "networks" and "temnet" in user.parts
    assert (come_along / "nanoparticle-unet" / "card.json").is_file()


def test_the_examples_are_copied_whole(tmp_path, capsys):
    assert init.main([str(tmp_path / "examples")]) == DONE
    copied = {path.name for path in (tmp_path / "examples").rglob("*") if path.is_file()}
    wanted = {
        path.name
        for path in EXPERIMENTS.rglob("*")
        if path.is_file() and not {"runs", "__pycache__"} & set(path.parts)
    }
    assert copied == wanted
    load_experiment(tmp_path / "examples" / "quickstart.yaml")


def test_the_clients_are_copied(tmp_path, capsys):
    assert init.main([str(tmp_path / "clients"), "--clients"]) == DONE
    for name in ("digitalmicrograph/temnet_gms.py", "nionswift/pyproject.toml", "README.md"):
        copied = tmp_path / "clients" / name
        assert copied.read_bytes() == (EXPERIMENTS.parent / "clients" / name).read_bytes()
    assert init.main([str(tmp_path / "clients"), "--clients"]) == WRONG_INPUT


def test_no_file_of_the_user_is_replaced(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert init.main([str(tmp_path)]) == WRONG_INPUT
    assert init.main([str(tmp_path / "notes.txt")]) == WRONG_INPUT
    assert capsys.readouterr().err.count("new or empty") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
