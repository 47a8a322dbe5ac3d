"""The sentences that a page shows after an action; an address carries their codes only."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Notice:
    """A sentence above the list after an action."""

    sentence: str
    is_problem: bool = False


NOTICES = {
    "scan": Notice("The folder is being looked through now."),
    "pause": Notice("Paused. The batch in work is still finished; then nothing new is read."),
    "resume": Notice("Reading goes on."),
    "corrected": Notice("Saved. The search finds the new text; the machine's is kept."),
    "kept": Notice("Kept as right."),
    "taken_back": Notice("The line shows the machine's text again."),
    "read_again": Notice("The image waits to be read again."),
    "not_queued": Notice("It was not queued: it waits already, or its file is gone.",
                         is_problem=True),
    "selection_read_again": Notice("What is selected waits to be read again."),
    "selection_not_queued": Notice("Nothing was queued: what is selected waits already, or its "
                                   "files are gone.", is_problem=True),
    "line_gone": Notice("That line is no longer there: the image was read again meanwhile. What "
                        "you typed is below; nothing of it was stored.", is_problem=True),
    "line_changed": Notice("That line was changed meanwhile. Look at both texts and decide.",
                           is_problem=True),
    "trial_taken": Notice("The other reading is the page's text now. Each line's history has what "
                          "it said before."),
    "trial_dropped": Notice("The present text was kept."),
    "trial_busy": Notice("A page is being read on trial already, and another one waits. Ask again "
                         "when one is done.", is_problem=True),
    "trial_gone": Notice("That trial is no longer there, or is not done: it was decided already, "
                         "or the image was read again. Nothing was changed.", is_problem=True),
    "trial_not_read": Notice("Only a page that has been read can be read on trial. Wait until it "
                             "is done.", is_problem=True),
    "unknown": Notice("It is not known yet whether that was done: the reader has not answered. "
                      "Send it again: it takes effect only once.", is_problem=True),
    "unreachable": Notice("The reader does not answer, so nothing was changed. Start it and try "
                          "again.", is_problem=True),
    "refused": Notice("The reader refused that; its log says why.", is_problem=True),
}  # fmt: skip


def find(code: str) -> Notice | None:
    """The notice with this code; anything else in the address shows nothing."""
    return NOTICES.get(code)
