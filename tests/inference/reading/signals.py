"""Data sets as RosettaSciIO's writers take them, and signals as HyperSpy has them."""

from types import SimpleNamespace


def data_set(data, axes, title="image", **metadata):
    """A data set.

    Args:
        data: Its values.
        axes: A description of each axis.
        title: Its title.
        **metadata: Further sections of its metadata.
    """
    return {
        "data": data,
        "axes": axes,
        "metadata": {"General": {"title": title}, "Signal": {"signal_type": ""}, **metadata},
        "original_metadata": {},
        "learning_results": {},
        "tmp_parameters": {},
        "models": {},
        "attributes": {"_lazy": False},
        "package_info": {"package": "temnet", "package_version": "1"},
    }


def signal(data, *axes, title="film", signal_type=""):
    """What temnet uses of a HyperSpy signal; each axis by name, scale, units and navigate."""
    made = [
        SimpleNamespace(
            name=name,
            scale=scale,
            offset=0.0,
            units=units,
            size=size,
            navigate=nav,
            index_in_array=number,
        )
        for number, (size, (name, scale, units, nav)) in enumerate(
            zip(data.shape, axes, strict=True)
        )
    ]
    manager = SimpleNamespace(
        navigation_axes=tuple(axis for axis in made[::-1] if axis.navigate),
        signal_axes=tuple(axis for axis in made[::-1] if not axis.navigate),
        signal_dimension=sum(not axis.navigate for axis in made),
    )
    tree = {"General": {"title": title}, "Signal": {"signal_type": signal_type}}
    return SimpleNamespace(
        data=data, axes_manager=manager, metadata=SimpleNamespace(as_dictionary=lambda: tree)
    )


Y, X = ("y", 0.02, "nm", False), ("x", 0.02, "nm", False)
