"""The learning curve as a picture."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from asklearn.server.curve import Chart, draw, words

SVG = "{http://www.w3.org/2000/svg}"
CURVE = [
    {
        "labels": 10 * i,
        "value": 0.5 + 0.04 * i,
        "low": 0.4 + 0.04 * i,
        "high": 0.6 + 0.04 * i,
        "n": i,
        "version": "v",
    }
    for i in range(1, 9)
]


def test_it_is_an_accessible_picture():
    root = ET.fromstring(draw(CURVE))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("aria-labelledby").split() == [title.get("id"), description.get("id")]
    assert title.text == "Learning curve: accuracy by labels given"
    assert description.text == (
        "After 80 labels the accuracy is 0.82 (95 % interval 0.72 to 0.92, measured on 8 items)."
    )
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"labels given", "accuracy", "0.5"} & set(texts) == {"labels given", "accuracy"}


def test_nothing_in_it_needs_a_style_a_script_or_another_server():
    svg = draw(CURVE).decode()
    for forbidden in ("style", "<script", "<metadata", "url(http", "<!DOCTYPE", "<?xml", "onload"):
        assert forbidden not in svg
    assert {part.split('"')[1] for part in svg.split("href=")[1:]} == {
        part
        for part in (f"#{e.get('id')}" for e in ET.fromstring(svg).iter() if e.get("id"))
        if f'href="{part}"' in svg
    }


def test_the_same_curve_gives_the_same_picture():
    assert draw(CURVE) == draw(CURVE)


def test_before_the_first_measurement_it_says_so():
    svg = draw([]).decode()
    assert "no measurement yet" in svg
    assert "not measured yet" in words([], "accuracy")


def test_it_is_drawn_once_for_each_measurement():
    chart = Chart()
    first = chart.svg(CURVE[:3])
    assert chart.svg(CURVE[:3]) is first
    assert chart.svg(CURVE[:4]) != first
