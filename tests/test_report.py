"""Charts show the numbers they were given; pages hold everything and escape everything."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from asklearn.report import charts
from asklearn.report.html import Section, Sheet, page
from asklearn.study.compare import Comparison

LABELS = np.array([10, 20, 30])
EVIL = "<script>alert('x')</script> & $x$"


def comparison(*names):
    rng = np.random.default_rng(0)
    scores = np.sort(rng.uniform(0.5, 0.9, (len(names), 5, 3)), axis=2)
    return Comparison(
        strategies=names,
        seeds=tuple(range(5)),
        labels=LABELS,
        scores={"accuracy": scores, "log_loss": 1 - scores},
        full={"accuracy": np.full(5, 0.95), "log_loss": np.full(5, 0.1)},
        curves={name: [] for name in names},
    )


def test_the_curves_are_those_given():
    found = comparison("margin", "badge", "random")
    ax = found.chart(charts.canvas((4, 3)))
    lines = ax.get_lines()
    for line, name in zip(lines, found.strategies, strict=False):
        assert line.get_xdata().tolist() == [10, 20, 30]
        assert line.get_ydata().tolist() == found.of(name).mean(axis=0).tolist()
    assert set(lines[3].get_ydata()) == {0.95}
    said = [text.get_text().strip() for text in ax.get_legend().get_texts()]
    assert said == ["margin", "badge", "random", "all labels"]
    assert ax.get_xlabel() == "labels given"
    assert ax.get_ylabel() == "accuracy"


def test_a_chart_without_axes_makes_its_own():
    from matplotlib import pyplot

    ax = comparison("margin", "random").chart(metric="log_loss")
    assert ax.get_ylabel() == "log loss"
    pyplot.close(ax.figure)


def test_two_dozen_strategies_look_different():
    names = [f"s{i}" for i in range(24)]
    looks = {str(charts.style(name, names)) for name in names}
    assert len(looks) == 24


def test_curves_of_one_seed_have_no_band():
    endless = (np.array([0.5, 0.6, 0.7]), np.full(3, -np.inf), np.full(3, np.inf))
    ax = charts.curves(LABELS, {"margin": endless}, None, "accuracy", charts.canvas((4, 3)))
    assert ax.get_ylim()[1] < 1


def test_ranks_stand_where_they_are():
    names, mean = ("a", "b", "c", "random"), np.array([2.0, 1.2, 3.1, 3.7])
    ax = charts.ranks(names, mean, 1.0, [("b", "a"), ("c", "random")], charts.canvas((5, 3)))
    said = {text.get_text() for text in ax.texts}
    assert {"a (2.00)", "b (1.20)", "c (3.10)", "random (3.70)", "critical difference 1.00"} <= said
    starts = {round(float(line.get_xdata()[0]), 2) for line in ax.get_lines()}
    assert {2.0, 1.2, 3.1, 3.7} <= starts


@pytest.mark.parametrize("name", ["_hidden", "$x$", "a & b < c", EVIL])
def test_a_picture_is_xml_with_words_whatever_the_names(name):
    found = comparison(name, "random")
    texts = []
    for _ in range(2):
        texts.append(charts.svg(found.chart(charts.canvas((4, 3))), "Curves", EVIL))
    assert texts[0] == texts[1]  # the same numbers, the same file
    root = ElementTree.fromstring(texts[0])
    space = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{space}title").text == "Curves"
    assert root.find(f"{space}desc").text == EVIL
    assert name in {"".join(text.itertext()).strip() for text in root.iter(f"{space}text")}


class Reader(HTMLParser):
    """Which tags stand in a page, which of them load something, and that all are closed."""

    VOID = frozenset({"meta", "br", "hr", "img", "link", "input"})

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.loads, self.text = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [
            (tag, k, v) for k, v in attrs if k in ("src", "href", "xlink:href", "srcset", "action")
        ]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_report_of_a_comparison_holds_everything_itself():
    found = comparison("margin", EVIL, "random")
    read = Reader(found.report("Which?"))
    assert read.open == []
    assert "script" not in read.tags
    assert all(value.startswith("#") for _, _, value in read.loads)
    assert read.tags.count("svg") == 4
    assert EVIL in read.text
    for heading in ("Which?", "accuracy", "log loss", "Ranks by accuracy", "How it was made"):
        assert heading in read.text
    for value in found.table()["score"]:
        assert f"{value:.3f}" in read.text
    assert not re.search(r"\b(nan|inf|None)\b", read.text)


def test_pages_escape_every_text():
    sheet = Sheet([EVIL, "n"], [[EVIL, EVIL]], frozenset({EVIL}), EVIL)
    text = page(EVIL, EVIL, [Section(EVIL, [EVIL], [], [sheet])])
    assert "<script" not in text
    assert Reader(text).text.count(EVIL) == 9
