"""Back-test on real mood diaries, where REFERENCE_DATA names the folder that holds them."""

import csv
import gzip
import os
from collections import defaultdict
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from phenotyping.dynamics.forecast import forecast_people
from phenotyping.dynamics.person import fit_people
from phenotyping.dynamics.prior import fit_prior
from phenotyping.dynamics.scale import scale_for
from phenotyping.dynamics.score import coverage, lift

pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(
        "REFERENCE_DATA" not in os.environ, reason="REFERENCE_DATA is not set: open_play checks skipped"
    ),
]
N_DAYS, N_PEOPLE, ENOUGH_DAYS = 30, 200, 15


@pytest.fixture(scope="module")
def diaries():
    """Mood (0-100) and weekday of people with enough diary days, each (n_people, 30)."""
    days = defaultdict(dict)
    path = Path(os.environ["REFERENCE_DATA"]) / "open_play" / "survey_daily.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["affective_valence"] != "NA":
                on = date.fromisoformat(row["date"][:10])
                days[row["pid"]][int(row["wave"]) - 1] = float(row["affective_valence"]), on.weekday()
    kept = [days[pid] for pid in sorted(days) if len(days[pid]) >= ENOUGH_DAYS][:N_PEOPLE]
    y, weekday = np.full((len(kept), N_DAYS), np.nan), np.empty((len(kept), N_DAYS), np.int64)
    for i, answers in enumerate(kept):
        first = min(answers)
        weekday[i] = (answers[first][1] + np.arange(N_DAYS) - first) % 7
        y[i, list(answers)] = [value for value, _weekday in answers.values()]
    return y, weekday


def test_mood_forecasts_beat_the_person_mean_and_cover(diaries):
    y, weekday = diaries
    inside, ours, plain = [], [], []
    for origin in (14, 18, 22):
        prior = fit_prior(y[:, :origin], weekday[:, :origin])
        posteriors = fit_people(y[:, :origin], weekday[:, :origin], prior)
        coming = slice(origin, origin + 7)
        made = forecast_people(posteriors, prior, scale_for("identity", 0, 100), weekday[:, coming])
        inside.append(coverage(y[:, coming], [f.low for f in made], [f.high for f in made]))
        ours.append(y[:, coming] - np.array([f.mean for f in made]))
        plain.append(y[:, coming] - np.nanmean(y[:, :origin], axis=1, keepdims=True))
    gain = lift(*(np.sqrt(np.nanmean(np.square(errors))) for errors in (ours, plain)))
    assert gain >= 0
    assert 0.74 <= np.mean(inside) <= 0.88
