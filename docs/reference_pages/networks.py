"""The pages of the pretrained networks, which `temnet.publish` writes, as pages of the site."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def pages(folder: Path, up: str) -> dict[str, str]:
    """Pages by file name: ``index.md``, one for each network, and ``studies.md``.

    Args:
        folder: The folder of pretrained networks.
        up: Path from the pages to this folder, for pictures.
    """
    found = {}
    for path in sorted(folder.glob("**/README.md")):
        place = path.relative_to(folder).parent.as_posix()
        name = page_name(place)
        found[name] = moved(path.read_text(encoding="utf-8"), place, up)
    names = [name.removesuffix(".md") for name in found if name != "index.md"]
    toctree = "\n".join(["```{toctree}", ":hidden:", "", *names, "```"])
    if "index.md" in found:
        found["index.md"] += f"\n{toctree}\n"
    return found


def page_name(place: str) -> str:
    """Name of the page of a network's folder.

    >>> page_name("."), page_name("mos2-unet")
    ('index.md', 'mos2-unet.md')
    """
    return "index.md" if place == "." else f"{place}.md"


def moved(text: str, place: str, up: str) -> str:
    """A page whose pictures are found from elsewhere and whose links lead to pages of the site.

    >>> moved("[a](../README.md) ![b](b.png)", "net", "../..")
    '[a](index.md) ![b](../../net/b.png)'
    """

    def link(found: re.Match[str]) -> str:
        mark, words, target = found.groups()
        path, _, anchor = target.partition("#")
        if "://" in target or not path:
            return found[0]
        parts = [part for part in PurePosixPath(place, path).parts if part != "."]
        while ".." in parts:
            at = parts.index("..")
            del parts[at - 1 : at + 1]
        if parts[-1] != "README.md":
            return f"{mark}[{words}]({up}/{'/'.join(parts)})"
        name = page_name("/".join(parts[:-1]) or ".")
        return f"{mark}[{words}]({name}{'#' + anchor if anchor else ''})"

    return LINK.sub(link, text)
