"""Columns in an image by an exported network, with NumPy, SciPy and ONNX Runtime alone."""

import json
import os

import numpy as np
from scipy import ndimage
from scipy.special import expit, logit

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # otherwise it sends usage data to its maker
import onnxruntime  # noqa: E402


def find_columns(network_file, image, pixel_size):
    """Positions (row, col) [Å], scores and class names of the columns in an image.

    ``image`` is (row, col), or (row, col, focus) for a network for focal series, and aligned;
    ``pixel_size`` is in Å.
    """
    session = onnxruntime.InferenceSession(network_file, providers=["CPUExecutionProvider"])
    texts = session.get_modelmeta().custom_metadata_map
    names, calibration = json.loads(texts["classes"]), json.loads(texts["score_calibration"])
    own_pixel_size = float(texts["pixel_size_angstrom"])

    images = np.asarray(image, np.float64).reshape(*np.shape(image)[:2], -1)
    images = resampled(images, pixel_size, own_pixel_size)
    images = normalised(images, float(texts["normalisation_width_angstrom"]) / own_pixel_size)
    shape = images.shape[:2]
    least, multiple = int(texts["smallest_size"]), int(texts["size_multiple"])
    wanted = [-(-max(size, least) // multiple) * multiple for size in shape]
    extra = [new - old for new, old in zip(wanted, shape, strict=True)]
    top, left = (each // 2 for each in extra)
    edges = [(top, extra[0] - top), (left, extra[1] - left), (0, 0)]
    padded = np.pad(images, edges, "symmetric").astype(np.float32)
    (found,) = session.run(None, {"images": np.moveaxis(padded, -1, 0)[None]})
    maps = found[0][:, top : top + shape[0], left : left + shape[1]]

    score = 1 - maps[-1].astype(np.float64)
    highest = score == ndimage.maximum_filter(score, 3)
    log_odds = logit(np.clip(score, 1e-7, 1 - 1e-7))
    probability = expit(calibration["slope"] * log_odds + calibration["offset"])
    pixels = np.argwhere(highest & (probability >= float(texts["threshold"])))
    pixels = pixels[np.argsort(-score[tuple(pixels.T)])]
    positions = np.array([refined(score, *pixel) for pixel in pixels]).reshape(-1, 2)
    positions = positions * own_pixel_size
    kept = apart(positions, float(texts["min_distance_angstrom"]))
    pixels, positions = pixels[kept], positions[kept]
    classes = maps[:-1][:, *pixels.T].argmax(axis=0)
    return positions, probability[tuple(pixels.T)], [names[one] for one in classes]


def resampled(images, old, new):
    """Images at another pixel size by a windowed sinc; pixel [0, 0] stays in place."""
    ratio, lobes = new / old, 4
    scale = max(ratio, 1)  # nothing finer than the new pixels may fold back
    border = int(np.ceil(lobes * scale)) + 1
    for axis in (0, 1):
        count = images.shape[axis]
        centres = np.arange(int((count - 1) / ratio + 1e-6) + 1) * ratio
        distance = (np.arange(-border, count + border) - centres[:, None]) / scale
        weights = np.sinc(distance) * np.sinc(distance / lobes) * (np.abs(distance) < lobes)
        weights /= weights.sum(axis=1, keepdims=True)
        edges = [(border, border) if each == axis else (0, 0) for each in range(3)]
        bordered = np.pad(images, edges, "symmetric")
        images = np.moveaxis(np.tensordot(weights, bordered, (1, axis)), 0, axis)
    return images


def normalised(images, sigma):
    """Images whose local mean is 0 and whose local contrast is 1; ``sigma`` in pixels."""

    def blurred(plane):
        return ndimage.gaussian_filter(plane, sigma, mode="reflect", truncate=6)[..., None]

    centred = images - blurred(images.mean(axis=-1))
    contrast = np.sqrt(blurred((centred**2).mean(axis=-1)))
    return centred / np.maximum(contrast, 1e-3 * abs(images.mean()))


def refined(score, row, col):
    """A maximum to a fraction of a pixel: a parabola through the logarithm of the score."""
    place = [float(row), float(col)]
    for axis in (0, 1):
        if 0 < place[axis] < score.shape[axis] - 1:
            step = np.eye(2, dtype=int)[axis]
            low, middle, high = (
                np.log(score[tuple(np.array([row, col]) + shift * step)] + 1e-6)
                for shift in (-1, 0, 1)
            )
            bend = 2 * middle - low - high
            place[axis] += np.clip((high - low) / (2 * bend), -0.5, 0.5) if bend > 0 else 0
    return place


def apart(positions, least):
    """Numbers of the columns, best first, that are at least this far from better ones."""
    kept = []
    for number, position in enumerate(positions):
        if all(np.hypot(*(position - positions[other])) >= least for other in kept):
            kept.append(number)
    return kept
