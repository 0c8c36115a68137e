"""Settings of the microscope and the camera."""
