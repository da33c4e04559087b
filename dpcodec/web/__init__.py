"""A decoder in JavaScript, written from docs/format.md: the modules beside this file are what a browser runs.

`bundle` makes one script of them; `python -m dpcodec.web FOLDER` writes a package as npm lays them out.
"""

MEDIA_TYPE = "audio/x-dpcodec"
"""Of `.dpc` files."""
