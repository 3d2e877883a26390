"""The verdict words of the porting report, each from the point of view of the server's owner."""

from __future__ import annotations

BREAKS, RISK, BETTER, SAME = "breaks", "risk", "better", "same"
UNKNOWN, DISPUTED, UNDETERMINED = "unknown", "disputed", "undetermined"

#: Each verdict in one sentence. Every long report prints them.
PORTING_VERDICTS = {
    BREAKS: "Stricter, and it hurts the server's owner: what worked is refused there, or the server receives less.",
    RISK: "Looser, and it helps somebody else: whoever was kept out gets in, or whoever shared takes more.",
    BETTER: "Different, and in the owner's favour: what failed works there, or somebody else is kept out.",
    SAME: "Both platforms refuse it, or give as much: nothing, a share, or everything.",
    UNKNOWN: "Nobody is known to have said what one of the platforms answers, or the log does not show what decides.",
    DISPUTED: "Sources contradict each other about one of the platforms, and the verdict depends on which is right.",
    UNDETERMINED: "The system may answer in several ways, by its own documents or its source, and the verdict depends on which.",
}
#: What a star beside ``same`` means.
SAME_BUT = "The same, except for the call that refuses, its errno, an option that is missing, or who gets the rest."
#: The verdicts that decide nothing.
OPEN = (UNKNOWN, DISPUTED, UNDETERMINED)
#: The first of these is the overall verdict.
WORST = (BREAKS, RISK, DISPUTED, UNDETERMINED, UNKNOWN, BETTER, SAME)


def worst(verdicts: set[str]) -> str:
    """The overall verdict of several. Of none it is *same*."""
    return next((word for word in WORST if word in verdicts), SAME)
