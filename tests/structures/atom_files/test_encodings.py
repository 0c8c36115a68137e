import codecs

import pytest

from temnet.structures.atom_files.encodings import any_text, marked_text

TEXT = "data_gold\n_cell_length_a 4.08  # Å, nach Müller\n"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_gives_the_encoding(tmp_path, encoding):
    file = tmp_path / "a.cif"
    file.write_bytes(TEXT.encode(encoding))
    assert marked_text(file) == any_text(file) == TEXT


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [(codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF32_BE, "utf-32-be")],
)
def test_marks_of_either_byte_order(tmp_path, mark, encoding):
    file = tmp_path / "a.cif"
    file.write_bytes(mark + TEXT.encode(encoding))
    assert marked_text(file) == TEXT


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16-le", "utf-16-be"])
def test_text_without_a_mark_is_read_too(tmp_path, encoding):
    file = tmp_path / "a.cif"
    file.write_bytes(TEXT.encode(encoding))
    assert marked_text(file) is None and any_text(file) == TEXT


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_ends_of_lines_are_those_of_unix(tmp_path, ending):
    file = tmp_path / "a.cif"
    file.write_bytes(TEXT.replace("\n", ending).encode())
    assert any_text(file) == TEXT
