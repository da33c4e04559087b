"""PEMO-Q-like: audio quality from a model of hearing (Huber and Kollmeier, 2006).

gammatone.py      the basilar membrane
adaptation.py     hair cells and nerve
modulation.py     the modulation filterbank behind them
measure.py        how alike two sounds are after all this, and the grade for it
"""

from dpcodec.metrics.pemoq.measure import PemoqResult, odg_of, pemoq

__all__ = ["PemoqResult", "odg_of", "pemoq"]
