"""Data sets as RosettaSciIO's writers take them."""


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
