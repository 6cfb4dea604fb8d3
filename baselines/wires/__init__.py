"""Wire formats: narrow encodings of a row, each with the scales it needs."""
