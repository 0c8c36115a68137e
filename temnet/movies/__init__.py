"""Movies: sites whose columns appear and vanish, followed from frame to frame.

`drift` measures and removes the drift of the specimen, `sites` finds and follows the sites, and
`occupancy` counts their appearances and disappearances or infers them with `hidden_markov`.
`site_tables`, `transitions` and `rates` fill the tables; `comparison` compares two movies by
`blocks` of frames.  `figures`, `site_maps` and `sections` make the page.
"""
