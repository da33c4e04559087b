"""The command `dpcodec`: a thin shell over the package's public names; click and rich live here only."""
