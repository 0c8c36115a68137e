"""From a specimen to training examples: exit wave, focal series, camera, labels."""
