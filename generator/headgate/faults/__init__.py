"""A server that breaks streams on purpose, the same way each time it is asked.

A case is a seed and a number: from them follow the stream that is served, how its
connections break, and what a client that loses nothing has to deliver. Its number
comes in a request header, so one server serves many cases at the same time.
"""

from headgate.faults.cases import Cases
from headgate.faults.expectation import Expectation, Outcome
from headgate.faults.recordings import Recording, read_recording
from headgate.faults.report import Report
from headgate.faults.server import FaultServer, serving

__all__ = [
    "Cases",
    "Expectation",
    "FaultServer",
    "Outcome",
    "Recording",
    "Report",
    "read_recording",
    "serving",
]
