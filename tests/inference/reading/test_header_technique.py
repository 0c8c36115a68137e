import pytest

from temnet.inference.reading.header_technique import header_technique


@pytest.mark.parametrize(
    ("tags", "metadata", "name"),
    [
        ({}, {"Acquisition_instrument": {"TEM": {"acquisition_mode": "STEM"}}}, "STEM"),
        ({}, {"Acquisition_instrument": {"TEM": {"acquisition_mode": "TEM"}}}, ""),
        ({}, {"General": {"title": "HAADF"}}, "HAADF"),
        ({}, {"General": {"title": "system of atoms"}}, ""),
        ({"BinaryResult": {"Detector": b"HAADF"}}, {}, "HAADF"),
        ({"ImageTags": {"Microscope Info": {"Illumination Mode": "STEM NANOPROBE"}}}, {}, "STEM"),
        ({"Optics": {"OperatingMode": 1}}, {"General": 3}, ""),
        ({}, {}, ""),
    ],
)
def test_the_header_names_scanning_transmission(tags, metadata, name):
    assert header_technique(tags, metadata) == name
