"""What the coders of MDCT files share: one segment leaves to the next how its frames are cut into blocks."""

from __future__ import annotations

from dpcodec.transform.streaming import BlockSplitState, MdctAnalysis


class MdctCoder:
    """See `modes.base.SegmentCoder`."""

    def __init__(self, analysis: MdctAnalysis) -> None:
        self._analysis = analysis

    @property
    def state(self) -> BlockSplitState:
        """As the analysis has it."""
        return self._analysis.state

    @state.setter
    def state(self, state: BlockSplitState) -> None:
        self._analysis.state = state
