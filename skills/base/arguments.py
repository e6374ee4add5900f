"""Arguments that tools of many skills take."""

from typing import Annotated

from skills.base.schemas import Arg

Limit = Annotated[int, Arg("The most rows of the answer", minimum=1, maximum=100)]
Page = Annotated[int, Arg("From 1", minimum=1, maximum=100_000)]
Hours = Annotated[int, Arg("Hours back from now", minimum=1, maximum=8760)]
Days = Annotated[int, Arg("Days back from now", minimum=1, maximum=365)]
Importance = Annotated[float, Arg("0 is trivial, 1 vital", minimum=0, maximum=1)]
Count = Annotated[int, Arg("So far, in all", minimum=0, maximum=2_000_000_000)]
Cost = Annotated[float, Arg("US dollars", minimum=0, maximum=100_000)]
