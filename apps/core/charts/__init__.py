"""Charts as SVG that the server draws: no script, both themes, and a table with the same numbers beside each.

A plot is stretched to the width that there is, so it holds shapes only; all text is HTML around it. `/_charts` shows
all of them where `DEBUG` is on.
"""

from apps.core.charts.heat import HeatMap, hours_of_week
from apps.core.charts.histograms import histogram
from apps.core.charts.series import MOST_SERIES, Chart, Series
from apps.core.charts.sparklines import Sparkline

__all__ = ["MOST_SERIES", "Chart", "HeatMap", "Series", "Sparkline", "histogram", "hours_of_week"]
