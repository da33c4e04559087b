"""What made the gate of lost cells: `python -m dpcodec.training.concealment`.

    losses.py    which cells are lost
    problems.py  a piece -> a file -> what is estimated of lost cells, and what they were
    samples.py   those -> what the gate sees of some cells, and what is wanted

The descent is that of `training.refine`. The gate is no part of the format.
"""
