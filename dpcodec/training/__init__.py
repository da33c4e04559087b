"""What makes the coder's tables and networks, for anyone to run again: `python -m dpcodec.training`.

    pieces.py    a kind of sound and a seed -> audio (speech.py, synthetic.py, and scores.py through midi.py)
    collect.py   audio -> what the coder sees of each coefficient, and the symbol that came
    network.py   what it sees -> the networks, in floats, by gradient descent
    integers.py  floats -> the integers that a file depends on
    counts.py    symbols by context -> where the adaptive tables start
    export.py    both -> files in the form of `coding/tables/`
    compare.py   files -> bytes of pieces never learnt from, against those of the frozen files
    coder.py     the only module that imports `dpcodec.coding`

Nothing else imports this package, and it never writes over the frozen files: audio files depend on them.
"""
