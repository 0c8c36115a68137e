"""Small files of every format that can be written here, to be damaged by the fuzzer.

Each holds the same five frames (or the first of them): bright dots 12 pixels apart.
"""

import io
import struct
from importlib import import_module

import imageio.v3 as imageio
import numpy as np
import tifffile

FRAMES = 5
SHAPE = (64, 48)
PIXEL = 0.02
"""Pixel size [nm]."""


def movie(kind="u2"):
    """(5, 64, 48) grey values of any kind of number."""
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    centres = [(r, c) for r in range(8, 64, 12) for c in range(6, 48, 12)]
    dots = sum(np.exp(-((rows - r) ** 2 + (cols - c) ** 2) / 8) for r, c in centres)
    noise = np.random.default_rng(0).normal(0, 0.05, (FRAMES, *SHAPE))
    return np.clip(40 * (1 + dots + noise), 0, 120).astype(kind)


def tiff(data, **options):
    """A TIFF file as tifffile writes it."""
    file = io.BytesIO()
    tifffile.imwrite(file, data, **options)
    return file.getvalue()


def tiff_pages(data):
    """A TIFF each of whose pages is described as an image by itself."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for frame in data:
            writer.write(frame, contiguous=False, photometric="minisblack")
    return file.getvalue()


def npy(data):
    """A .npy file."""
    file = io.BytesIO()
    np.save(file, data)
    return file.getvalue()


def png(image):
    """A grey PNG file."""
    return imageio.imwrite("<bytes>", image, extension=".png")


def mrc(data, mode, imod=False):
    """An MRC 2014 file, or IMOD's."""
    frames, rows, cols = data.shape
    header = bytearray(1024)
    struct.pack_into("<4i", header, 0, cols, rows, frames, mode)
    struct.pack_into("<3i3f3f3i", header, 28, cols, rows, frames, *(10 * PIXEL * cols,),
                     10 * PIXEL * rows, float(frames), 90.0, 90.0, 90.0, 1, 2, 3)  # fmt: skip
    header[208:216] = b"MAP \x44\x44\0\0"
    if imod:
        struct.pack_into("<2i", header, 152, 1146047817, 0)
    return bytes(header) + data.astype(data.dtype.newbyteorder("<")).tobytes()


def hyperspy(ending, folder):
    """A file of RosettaSciIO's writer for an ending."""
    data = movie()
    names = (("time", 1.0, "s"), ("y", PIXEL, "nm"), ("x", PIXEL, "nm"))
    axes = [
        {"name": name, "size": size, "scale": scale, "offset": 0.0, "units": unit,
         "navigate": number == 0, "index_in_array": number}
        for number, (size, (name, scale, unit)) in enumerate(zip(data.shape, names, strict=True))
    ]  # fmt: skip
    described = {
        "data": data, "axes": axes, "original_metadata": {}, "learning_results": {},
        "metadata": {"General": {"title": "movie"}, "Signal": {"signal_type": ""}},
        "tmp_parameters": {}, "models": {}, "attributes": {"_lazy": False},
        "package_info": {"package": "temnet", "package_version": "1"},
    }  # fmt: skip
    path = folder / f"seed{ending}"
    import_module(f"rsciio.{ending[1:]}").file_writer(str(path), described)
    return path.read_bytes()


DM_NUMBERS = {"u2": (4, 10), "f4": (6, 2), "u1": (10, 6), "i4": (3, 7)}
"""Code of a kind of number in a tag, and as a type of data."""


def digital_micrograph(data, version):
    """A .dm3 or .dm4 file: a tree of tags with the images in it."""
    size = ">q" if version == 4 else ">i"
    number, data_type = DM_NUMBERS[data.dtype.str[1:]]

    def group(entries):
        body = b"".join(entry(name, value) for name, value in entries)
        return struct.pack(">2b", 1, 0) + struct.pack(size, len(entries)) + body

    def values(code, content, *more):
        info = (code, *more)
        packed = b"".join(struct.pack(size, one) for one in (len(info), *info))
        return b"%%%%" + packed + content

    def content(value):
        if isinstance(value, str):
            text = value.encode("utf-16-le")
            return values(20, text, 4, len(value))
        if isinstance(value, float):
            return values(6, struct.pack("<f", value))
        if isinstance(value, int):
            return values(5, struct.pack("<I", value))
        return values(20, value.tobytes(), number, value.size)

    def entry(name, value):
        inner = isinstance(value, list)
        body = group(value) if inner else content(value)
        head = struct.pack(">bh", 20 if inner else 21, len(name)) + name.encode()
        return head + (struct.pack(">q", len(body)) if version == 4 else b"") + body

    steps = [(PIXEL, "nm"), (PIXEL, "nm"), (1.0, "s")][: data.ndim]
    scales = [("", [("Origin", 0.0), ("Scale", step), ("Units", unit)]) for step, unit in steps]
    image = [
        ("ImageData", [
            ("Calibrations", [("Dimension", scales)]),
            ("Data", data),
            ("DataType", data_type),
            ("Dimensions", [("", length) for length in data.shape[::-1]]),
            ("PixelDepth", data.itemsize),
        ]),
        ("ImageTags", []),
        ("Name", "movie"),
    ]  # fmt: skip
    root = group([("ImageList", [("", image)])])
    return struct.pack(">i", version) + struct.pack(size, len(root)) + struct.pack(">i", 1) + root


def tia(data):
    """A .ser file of images."""
    count, rows, cols = data.shape
    text = b"Number"
    dimension = struct.pack("<IddII", count, 0.0, 1.0, 0, len(text)) + text + struct.pack("<I", 0)
    table = 30 + len(dimension)
    first = table + 8 * count
    image_size = 50 + rows * cols * data.itemsize
    offsets = [first + number * (image_size + 8) for number in range(count)]
    head = struct.pack("<3H6I", 0x4949, 0x0197, 0x0210, 0x4122, 0x4152, count, count, table, 1)
    body = b""
    for frame in data:
        scale = struct.pack("<2dI2dI", 0.0, 1e-9 * PIXEL, 0, 0.0, 1e-9 * PIXEL, 0)
        body += scale + struct.pack("<H2I", 2, cols, rows) + frame[::-1].tobytes()
        body += struct.pack("<2HI", 0x4152, 0, 0)
    tags = [offset + image_size for offset in offsets]
    return head + dimension + struct.pack(f"<{2 * count}I", *offsets, *tags) + body


def seeds(folder):
    """The files: ending, a name, bytes and number of frames.

    Args:
        folder: Where files may be made meanwhile.
    """
    data, first = movie(), movie()[0]
    scale = {"resolution": (1 / (PIXEL * 1e-3), 1 / (PIXEL * 1e-3)), "metadata": {"unit": "um"}}
    made = [
        (".tif", "imagej", tiff(data, imagej=True, **scale), FRAMES),
        (".tif", "ome", tiff(data, ome=True, metadata={"axes": "TYX"}), FRAMES),
        (".tif", "shaped", tiff(data, photometric="minisblack"), FRAMES),
        (".tif", "deflated", tiff(data, compression="zlib", photometric="minisblack"), FRAMES),
        (".tif", "tiled", tiff(data, tile=(16, 16), photometric="minisblack"), FRAMES),
        (".tif", "big", tiff(data, bigtiff=True, byteorder=">", photometric="minisblack"), FRAMES),
        (".tif", "pages", tiff_pages(data), FRAMES),
        (".tif", "real", tiff(movie("f4")[0]), 1),
        (".tif", "rgb", tiff(np.stack([movie("u1")[0]] * 3, -1), photometric="rgb"), 1),
        (".npy", "stack", npy(data), FRAMES),
        (".npy", "fortran", npy(np.asfortranarray(movie("f4"))), FRAMES),
        (".npy", "image", npy(movie("f8")[0]), 1),
        (".png", "bytes", png(movie("u1")[0]), 1),
        (".png", "words", png(first), 1),
        (".mrc", "signed", mrc(movie("i1"), 0), FRAMES),
        (".mrc", "imod", mrc(movie("u1"), 0, imod=True), FRAMES),
        (".mrc", "real", mrc(movie("f4"), 2), FRAMES),
        (".mrc", "words", mrc(data, 6), FRAMES),
        (".dm3", "image", digital_micrograph(first, 3), 1),
        (".dm4", "image", digital_micrograph(movie("f4")[0], 4), 1),
        (".dm4", "movie", digital_micrograph(data, 4), FRAMES),
        (".ser", "movie", tia(data), FRAMES),
    ]
    made += [(ending, "movie", hyperspy(ending, folder), FRAMES) for ending in (".hspy", ".emd")]
    return made
