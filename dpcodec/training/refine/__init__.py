"""What made the gates of solver refine: `python -m dpcodec.training.refine`.

    problems.py  a piece -> a file -> what a decoder knows of it, and the coefficients as they were
    samples.py   those -> what a gate sees of some coefficients, and how far each is from where it was
    fit.py       samples -> a gate, by gradient descent, and integers of it
    stages.py    problems -> gates, round by round, and what they gain

The gates are no part of the format: better ones may take their place.
"""
