"""The stages joined: the only place that knows their order.

`whole.py` takes and gives bytes and arrays; `encoder.py`, `decoder.py` and `inspection.py` work on file
objects in bounded memory.
"""
