"""One file or folder an experiment; each has `experiment`, `tables` and `plots` where it draws any."""
