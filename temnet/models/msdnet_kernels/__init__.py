"""Fast kernels for the dilated convolutions of the MSD-net on the CPU."""
