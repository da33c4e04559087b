"""A `.dpc` file as a stream: `Writer` takes the coded parts of each segment, `Reader` gives them back.

    magic | HEAD | TAGS | DATA ... HEAD DATA ... | INDEX | END

Both work on pipes: the writer needs no seeking (where it can, it goes back to put the number of samples into
the first header), the reader neither, and both hold a few segments in memory at most.
"""

from dpcodec.container.damage import Damage
from dpcodec.container.reader import Reader, SegmentData
from dpcodec.container.sources import ReadLimits
from dpcodec.container.writer import Writer

__all__ = ["Damage", "ReadLimits", "Reader", "SegmentData", "Writer"]
