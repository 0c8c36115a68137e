"""Tables, figures and the page that shows a run: the only place that knows matplotlib."""
