"""Movies: drift, sites, occupancy, transitions, and their part of the page."""
