"""Where frames come from, besides programs: folders, a simulated camera, single foci."""
