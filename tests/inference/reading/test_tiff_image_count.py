"""Number of images by descriptions of several programs and by the list of pages."""

import numpy as np
import pytest
import tifffile

from temnet.inference.reading.formats.tiff_image_count import files_of_set, page_list, promise_of

MOVIE = np.random.default_rng(0).integers(0, 4000, (6, 20, 30), dtype=np.uint16)
OME = (
    '<OME><Image><Pixels DimensionOrder="{order}" SizeX="30" SizeY="20" SizeZ="2" SizeC="1" '
    'SizeT="3"></Pixels></Image></OME>'
)


@pytest.mark.parametrize(
    ("description", "sizes", "names"),
    [
        ("ImageJ=1.54f\nimages=6\nframes=6\n", (6,), ("time",)),
        ("ImageJ=1.54f\nimages=6\nslices=3\nframes=2\n", (2, 3), ("time", "depth")),
        ("ImageJ=1.54f\nimages=6\nframes=4\n", (6,), ("",)),  # a contradiction
        (OME.format(order="XYZCT"), (3, 2), ("time", "depth")),
        (OME.format(order="XYTZC"), (2, 3), ("depth", "time")),
        ('{"shape": [6, 20, 30]}', (6,), ("",)),
        ('{"shape": [2, 1, 3, 20, 30]}', (2, 3), ("", "")),
    ],
)
def test_promises_of_descriptions(description, sizes, names):
    promise = promise_of(description)
    assert (promise.sizes, promise.names, promise.count) == (sizes, names, 6)


@pytest.mark.parametrize(
    "description",
    ["", "a photograph", "ImageJ=1.54f\n", '{"shape": [20, 30, 3]}', '{"shape": 5}', "<OME></OME>"],
)
def test_descriptions_without_a_number_promise_nothing(description):
    assert promise_of(description) is None


@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"byteorder": ">"}])
def test_the_list_of_pages_is_complete_or_ends_at_the_missing_entry(tmp_path, options):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path, **options) as writer:
        for frame in MOVIE:
            writer.write(frame, contiguous=False, metadata=None)
    with tifffile.TiffFile(path) as file:
        offsets = [page.offset for page in file.pages]
    assert page_list(path) == (6, None)
    content = path.read_bytes()
    for cut in (offsets[4], offsets[4] + 10):
        path.write_bytes(content[:cut])
        assert page_list(path) == (4, offsets[4])


def test_other_files_have_no_pages(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"II")
    assert page_list(tmp_path / "a.tif") == (0, None)


def test_files_of_an_ome_set_are_counted_once():
    planes = "".join(f'<UUID FileName="{name}"/>' for name in ("a.tif", "b.tif", "a.tif"))
    assert files_of_set(f"<OME>{planes}</OME>") == 2
    assert files_of_set("<OME></OME>") == files_of_set(planes) == 1
