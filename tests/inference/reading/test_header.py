"""Pixel sizes by headers: units in all spellings, units that are unknown, diffraction patterns."""

from importlib import import_module

import numpy as np
import pytest
import tifffile

from temnet.errors import InputError
from temnet.inference.reading.formats.data_set import Axis
from temnet.inference.reading.header import axis_meaning, header_pixel_size, unknown_unit
from temnet.inference.reading.image_file import open_images
from temnet.inference.reading.read_images import read_images

IMAGE = np.random.default_rng(0).integers(0, 255, (20, 30), dtype=np.uint8)


def imagej(path, unit, scale=(0.02, 0.02), code="utf-8", **more):
    """A TIFF as ImageJ writes it; scale: height and width of a pixel in the unit."""
    lines = {"unit": unit, **more}
    text = "ImageJ=1.54f\n" + "".join(f"{key}={value}\n" for key, value in lines.items())
    resolution = (1 / scale[1], 1 / scale[0])
    options = {"description": text.encode(code), "metadata": None, "resolution": resolution}
    tifffile.imwrite(path, IMAGE, resolutionunit="NONE", **options)
    return path


def hspy(path, units, scale=0.02, signal_type=""):
    """A file of HyperSpy; units: of rows and columns."""
    axes = [
        {"name": name, "size": size, "units": unit, "index_in_array": number}
        | {"scale": scale, "offset": 0.0, "navigate": False}
        for number, (name, size, unit) in enumerate(zip("yx", IMAGE.shape, units, strict=True))
    ]
    metadata = {"General": {"title": "image"}, "Signal": {"signal_type": signal_type}}
    rest = {"original_metadata": {}, "learning_results": {}, "tmp_parameters": {}, "models": {}}
    signal = {"data": IMAGE, "axes": axes, "metadata": metadata, "attributes": {"_lazy": False}}
    package = {"package_info": {"package": "temnet", "package_version": "1"}}
    import_module("rsciio.hspy").file_writer(str(path), signal | rest | package)
    return path


@pytest.mark.parametrize(
    ("unit", "scale"),
    [
        *(("\\u00B5m", 2e-5), ("\\u03BCm", 2e-5), ("micron", 2e-5), ("microns", 2e-5)),
        *(("\\u00C5", 0.2), ("\\u212B", 0.2), ("Angstrom", 0.2), ("A", 0.2), ("angstroms", 0.2)),
        *(("nm", 0.02), ("nanometer", 0.02), ("nanometre", 0.02), ("pm", 20.0), ("um", 2e-5)),
    ],
)
def test_units_of_imagej(tmp_path, unit, scale):
    path = tmp_path / "a.tif"
    more = {"unit": unit}
    tifffile.imwrite(path, IMAGE, imagej=True, resolution=(1 / scale, 1 / scale), metadata=more)
    assert open_images(path).pixel_size == pytest.approx((0.2, 0.2), rel=1e-4)


@pytest.mark.parametrize("code", ["utf-8", "latin-1"])
def test_units_that_imagej_did_not_escape(tmp_path, code):
    for unit, scale in (("µm", 2e-5), ("Å", 0.2), ("Ångström", 0.2)):
        path = imagej(tmp_path / "a.tif", unit, (scale, scale), code)
        assert open_images(path).pixel_size == pytest.approx((0.2, 0.2), rel=1e-4)


def test_rows_of_imagej_may_have_a_unit_of_their_own(tmp_path):
    path = imagej(tmp_path / "a.tif", "nm", (0.3, 0.02), yunit="\\u00C5")
    assert open_images(path).pixel_size == pytest.approx((0.3, 0.2), rel=1e-4)


@pytest.mark.parametrize("unit", ["furlong", "Mm2", "counts", "s"])
def test_an_unknown_unit_is_named_and_a_setting_overrides_it(tmp_path, unit):
    path = hspy(tmp_path / "a.hspy", (unit, unit))
    assert open_images(path).unknown_unit == unit
    with pytest.raises(InputError, match=f"given in '{unit}', which is not a known unit of length"):
        read_images(path)
    assert read_images(path, sampling=0.2).sampling == 0.2
    with pytest.raises(InputError, match="given in 'furlong'"):
        read_images(imagej(tmp_path / "a.tif", "furlong"))


@pytest.mark.parametrize("unit", [None, "", "px", "pixel", "<undefined>"])
def test_a_missing_unit_is_not_an_unknown_unit(tmp_path, unit):
    path = hspy(tmp_path / "a.hspy", (unit, unit))
    assert open_images(path).unknown_unit is None
    with pytest.raises(InputError, match="does not give its pixel size"):
        read_images(path)


def test_inches_are_for_printers_unless_they_can_be_pixels(tmp_path):
    with pytest.raises(InputError, match="does not give its pixel size"):
        read_images(imagej(tmp_path / "a.tif", "inch", (1 / 72, 1 / 72)))
    axes = [Axis(unit="inch", scale=0.2 / 2.54e8)] * 2
    assert header_pixel_size(axes, {}, "a") == pytest.approx((0.2, 0.2))


RECIPROCAL = (
    *("1/nm", "1 / nm", "$A^{-1}$", "nm^{-1}", "nm^-1", "1/Å", "Å⁻¹", "nm⁻¹", "1/µm", "Å^(-1)"),
    *("rad", "mrad", "µrad", "μrad", "urad", "deg", "°", "degrees", "Radian", "1/px", "m^-1"),
)


@pytest.mark.parametrize("unit", RECIPROCAL)
@pytest.mark.parametrize("sampling", [None, 0.2, "auto"])
def test_diffraction_patterns_are_refused_with_any_setting(tmp_path, unit, sampling):
    spacing = {"spacing": 2.1} if sampling == "auto" else {}
    with pytest.raises(InputError, match="diffraction pattern or a Fourier transform"):
        read_images(hspy(tmp_path / "a.hspy", (unit, unit)), sampling=sampling, **spacing)


def test_one_axis_or_the_type_of_signal_is_enough_for_a_diffraction_pattern(tmp_path):
    with pytest.raises(InputError, match="axes are in mrad"):
        open_images(hspy(tmp_path / "a.hspy", ("nm", "mrad")))
    with pytest.raises(InputError, match="axes are in 1/nm"):
        open_images(imagej(tmp_path / "a.tif", "1/nm"))
    with pytest.raises(InputError, match="marks its data as electron_diffraction"):
        open_images(hspy(tmp_path / "b.hspy", ("px", "px"), signal_type="electron_diffraction"))
    assert open_images(hspy(tmp_path / "c.hspy", ("nm", "nm"))).pixel_size is not None


@pytest.mark.parametrize(
    ("size", "unit"),
    [(2e-5, "µm"), (2e-5, "&#181;m"), (0.02, "nm"), (0.2, "Å"), (0.2, "&#8491;"), (2e-5, None)],
)
def test_units_of_ome(size, unit):
    units = "" if unit is None else f' PhysicalSizeXUnit="{unit}" PhysicalSizeYUnit="{unit}"'
    pixels = f'<OME><Pixels PhysicalSizeX="{size}" PhysicalSizeY="{2 * size}"{units}/></OME>'
    found = header_pixel_size([Axis(), Axis()], {"ImageDescription": pixels}, "a")
    assert found == pytest.approx((0.4, 0.2))


def test_an_unknown_unit_of_ome_is_named():
    text = '<OME><Pixels PhysicalSizeX="1" PhysicalSizeXUnit="reference frame"/></OME>'
    assert unknown_unit([Axis(), Axis()], {"ImageDescription": text}) == "reference frame"


def test_bytes_negative_scales_and_infinite_ones():
    written = [{"units": "µm".encode(), "scale": -2e-5}, {"units": b"nm", "scale": 0.02}]
    axes = [Axis.of(one) for one in written]
    assert header_pixel_size(axes, {}, "a") == pytest.approx((0.2, 0.2))
    for scale in (float("inf"), float("nan"), 0.0):
        assert header_pixel_size([axes[0], Axis(unit="nm", scale=scale)], {}, "a") is None


def test_seconds_in_any_spelling_are_time():
    for unit in ("s", "ms", "µs", "sec", "Seconds", "min"):
        assert axis_meaning(Axis(unit=unit), {}) == "time"
    for unit in ("nm", "", "mm", "deg"):
        assert axis_meaning(Axis(unit=unit), {}) == ""
