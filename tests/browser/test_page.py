"""Labelling in a real browser: what a key does, what is shown, what arrives."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Error, expect
from serving import proposing, until

from asklearn import Answer
from benchmarks.page import digits, photographs

pytestmark = pytest.mark.browser

HOSTILE = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 2'>",
    "javascript:window.hacked=3 </p></article><iframe srcdoc='<script>parent.hacked=4</script>'>",
    "متى تأسست مدينة القاهرة ولماذا سميت بهذا الاسم ؟",
]


def test_a_key_decides_and_the_next_item_is_there(letters, enter):
    ann = enter(letters, "keys")
    seen = [ann.item]
    for key in "1231":
        ann.decide(key)
        seen.append(ann.item)
    ann.saved(4)
    assert len(set(seen)) == 5
    assert [label for _, label in ann.said()] == ["ham", "spam", "else", "ham"]
    shown = ann.page.locator("#history .said").all_inner_texts()
    assert shown[:4] == ["ham", "else", "spam", "ham"]
    assert all(0 < answer["seconds"] < 30 for answer in ann.recorded())
    # One drawn at random is shown without the model's opinion.
    assert {answer["seen"] for answer in ann.recorded()} <= {"1", None}


def test_other_answers_have_keys_of_their_own(letters, enter):
    ann = enter(letters, "others")
    ann.decide("Space", "u", "f")
    ann.press("n")
    ann.page.keyboard.type("1 u f hard to tell")
    ann.press("Enter")
    expect(ann.page.locator("#noted-text")).to_have_text("1 u f hard to tell")
    ann.decide("2")
    ann.saved(4)
    assert [said for _, said in ann.said()] == ["skip", "unsure", "flag", "spam"]
    assert ann.recorded()[-1]["note"] == "1 u f hard to tell"
    expect(ann.page.locator("#noted")).to_be_hidden()


def test_enter_accepts_what_the_model_proposes(letters, enter):
    ann = enter(letters, "accept")
    skipped = 0
    while not ann.page.locator(".choice.proposed").count():  # drawn at random, so without a proposal
        ann.decide("Space")
        skipped += 1
    proposed = ann.page.locator(".choice.proposed .name").inner_text()
    expect(ann.page.locator(".choice.proposed .chance")).to_have_text(re.compile(r"^[<>]?\d+%$"))
    expect(ann.page.locator("#words")).to_contain_text("the model ")
    ann.decide("Enter")
    ann.saved(skipped + 1)
    assert ann.said()[-1][1] == proposed
    assert ann.recorded()[-1]["seen"] == "1"


def test_undo_brings_the_item_back(letters, enter):
    ann = enter(letters, "undo")
    first = ann.item
    ann.decide("1")
    second = ann.item
    ann.decide("2")
    ann.press("Backspace")
    ann.shows(second)
    ann.press("Control+z")
    ann.shows(first)
    ann.press("Backspace")
    expect(ann.page.locator("#toast")).to_have_text("There is nothing to take back.")
    ann.saved(2)
    until(lambda: not ann.said())
    ann.decide("3")
    ann.shows(second)
    ann.saved(3)
    assert [label for _, label in ann.said()] == ["else"]
    assert [e["event"] for e in ann.recorded()] == [
        "Answered",
        "Answered",
        "Retracted",
        "Retracted",
        "Answered",
    ]


def test_an_earlier_answer_is_corrected_from_the_history(letters, enter):
    ann = enter(letters, "correct")
    first = ann.item
    ann.decide("1", "2", "2")
    now = ann.item
    ann.press("ArrowLeft", "ArrowLeft", "ArrowLeft")
    ann.shows(first)
    expect(ann.page.locator("#review")).to_contain_text("You said ham")
    expect(ann.page.locator(".choice.given .name")).to_have_text("ham")
    ann.press("ArrowRight", "ArrowLeft")
    ann.shows(first)
    ann.press("3")
    ann.shows(now)
    expect(ann.page.locator("#review")).to_be_hidden()
    ann.saved(4)
    assert [label for _, label in ann.said()] == ["spam", "spam", "else"]
    ann.press("Backspace")  # the correction is taken back, not the item
    ann.shows(now)
    until(lambda: [label for _, label in ann.said()] == ["ham", "spam", "spam"])


def test_looking_back_without_a_change_sends_nothing(letters, enter):
    ann = enter(letters, "look")
    ann.decide("1")
    ann.press("ArrowLeft", "1", "ArrowLeft", "Escape")
    expect(ann.page.locator("#review")).to_be_hidden()
    ann.saved(1)
    assert len(ann.recorded()) == 1


def test_a_held_key_decides_once(letters, enter):
    ann = enter(letters, "held")
    first = ann.item
    for _ in range(8):
        ann.page.keyboard.down("1")  # from the second on, the browser calls it a repeat
    ann.page.keyboard.up("1")
    expect(ann.page.locator("#item")).not_to_have_text(first)
    ann.saved(1)
    ann.page.wait_for_timeout(60)
    ann.page.locator("#do-skip").focus()
    for _ in range(8):
        ann.page.keyboard.down("Enter")
    ann.page.keyboard.up("Enter")
    ann.saved(2)
    assert [said for _, said in ann.said()] == ["ham", "skip"]


def test_a_worn_switch_and_a_double_click_decide_once(letters, enter):
    ann = enter(letters, "twice")
    first = ann.item
    ann.page.evaluate(
        """() => {
          const at = { code: "Digit2", key: "2", bubbles: true };
          for (const kind of ["keydown", "keyup", "keydown", "keyup"]) {
            document.body.dispatchEvent(new KeyboardEvent(kind, at));
          }
        }"""
    )
    expect(ann.page.locator("#item")).not_to_have_text(first)
    ann.saved(1)
    ann.page.wait_for_timeout(250)
    ann.page.locator(".choice").first.dblclick()
    ann.saved(2)
    ann.press("Space")  # the mouse has left the focus alone: this skips
    ann.saved(3)
    assert [said for _, said in ann.said()] == ["spam", "ham", "skip"]


def test_it_works_without_a_keyboard(letters, enter):
    ann = enter(letters, "mouse")
    for id in ("#do-skip", "#do-flag", ".choice >> nth=1", "#do-unsure"):
        ann.page.wait_for_timeout(250)
        ann.page.locator(id).click()
    ann.page.wait_for_timeout(250)
    ann.page.locator("#do-undo").click()
    ann.saved(4)
    until(lambda: [said for _, said in ann.said()] == ["skip", "flag", "spam"])


def test_items_are_shown_as_text_whatever_they_hold(project, enter):
    ann = enter(
        project(HOSTILE, ["<b>bold</b>", "plain"], guideline="<img src=x onerror='window.hacked = 5'>")
    )
    ann.press("h")
    expect(ann.page.locator("#guide-text")).to_have_text("<img src=x onerror='window.hacked = 5'>")
    expect(ann.page.locator(".choice .name").first).to_have_text("<b>bold</b>")
    seen = set()
    for n, key in enumerate("1212", start=1):
        seen.add(ann.item)
        if "القاهرة" in ann.item:
            assert ann.page.locator("#item p").evaluate("p => getComputedStyle(p).direction") == "rtl"
        ann.press("n")
        ann.page.keyboard.type("<svg onload='window.hacked = 6'>")
        ann.press("Enter", key)
        ann.saved(n)
    assert seen == set(HOSTILE)
    ann.press("ArrowLeft")
    assert ann.page.evaluate("window.hacked") is None
    assert ann.page.locator("main script, main iframe, main svg, aside script").count() == 0


def test_guidelines_and_keys_open_with_a_key(letters, enter):
    ann = enter(letters, "guide")
    expect(ann.page.locator("#guide")).to_be_hidden()
    ann.press("h")
    expect(ann.page.locator("#guide-text p")).to_have_text(["Say what it is.", "Or say else."])
    ann.press("h")
    expect(ann.page.locator("#guide")).to_be_hidden()
    ann.press("?")
    dialog = ann.page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    ann.press("1", "u")  # belongs to the dialog now
    ann.press("Escape")
    expect(dialog).to_be_hidden()
    ann.press("Control+s")
    expect(ann.page.locator("#toast")).to_have_text("There is nothing to save yet.")
    assert ann.recorded() == []


def test_many_classes_are_found_by_typing(project, enter):
    names = [f"{what}_{how}" for what in ("card", "cash", "transfer") for how in "abcdefgh"] + ["top_up"]
    ann = enter(project([f"item {i}" for i in range(40)], names))
    expect(ann.page.locator(".likely .choice")).to_have_count(10)
    ann.press("/")
    ann.page.keyboard.type("fer_c")
    expect(ann.page.locator(".every .choice:not([hidden])")).to_have_count(1)
    ann.press("Enter")
    ann.saved(1)
    ann.page.keyboard.type("up")  # the field is still at hand
    ann.press("Enter")
    ann.saved(2)
    ann.press("1")  # empty, it passes digits on: the class chosen last
    ann.saved(3)
    ann.press("Escape", "2", "Space")
    ann.saved(5)
    assert [said for _, said in ann.said()] == ["transfer_c", "top_up", "top_up", "transfer_c", "skip"]


@pytest.mark.slow
def test_labels_of_any_kind_have_keys_and_come_back_as_they_are(project, enter):
    labels = [1.0, 2.5, True, "x", *"opqrst", "unable", "zebra", "sand"]
    server = project([f"item {i}" for i in range(20)], labels)
    ann = enter(server)
    assert ann.page.locator(".choice .name").all_inner_texts() == [str(label) for label in labels]
    keys = ann.page.locator(".choice kbd").all_inner_texts()
    assert keys == [*"1234567890", "L", "E", "S"]  # u, n, a, b and z mean something else
    ann.decide("l", "e", "1", "3")
    ann.saved(4)
    assert [said for _, said in ann.said()] == ["unable", "zebra", 1.0, True]
    again = enter(server)  # another browser: the history comes from the server
    expect(again.page.locator("#history .said").first).to_have_text("True")
    again.press("ArrowLeft")
    expect(again.page.locator(".choice.given .name")).to_have_text("True")


@pytest.mark.slow
def test_small_images_are_enlarged_square_by_square(project, enter):
    pictures, _ = digits(30)
    ann = enter(project(pictures, [str(i) for i in range(10)]))
    for key in "123":
        image = ann.page.locator("#item img")
        expect(image).to_be_visible()
        told = image.evaluate(
            "i => [i.complete, i.width / i.naturalWidth, getComputedStyle(i).imageRendering]"
        )
        assert told[0] is True
        assert told[1] == int(told[1]) >= 2
        assert told[2] == "pixelated"
        before = image.get_attribute("src")
        ann.press(key)
        expect(ann.page.locator("#item img")).not_to_have_attribute("src", before)
    ann.saved(3)


SHAPE = """() => {
  const { left, top, width, height } = document.querySelector("#item img").getBoundingClientRect();
  return [left, top, width, height];
}"""


@pytest.mark.slow
def test_an_image_is_zoomed_by_keys_wheel_and_drag(project, enter):
    ann = enter(project(*photographs(8)))
    page = ann.page

    def shape():
        return page.evaluate(SHAPE)

    fit = shape()
    ann.press("z")
    assert shape()[2] == pytest.approx(3 * fit[2])
    ann.press("ArrowRight", "-")
    assert shape()[2] == pytest.approx(2 * fit[2])
    ann.press("Escape")
    assert shape() == pytest.approx(fit)
    expect(page.locator("#review")).to_be_hidden()  # the arrow moved the image, not the history

    at = [fit[0] + fit[2] / 4, fit[1] + fit[3] / 4]
    page.mouse.move(*at)
    page.mouse.wheel(0, -400)  # what is under the pointer stays there
    page.wait_for_timeout(50)
    left, top, width, height = shape()
    assert width > 2 * fit[2]
    assert [(at[0] - left) / width, (at[1] - top) / height] == pytest.approx([0.25, 0.25], abs=0.01)
    page.mouse.down()
    page.mouse.move(at[0] - 60, at[1] - 30, steps=4)
    page.mouse.up()
    assert shape()[:2] == pytest.approx([left - 60, top - 30], abs=2)
    expect(page.locator("#do-zoom")).to_have_attribute("aria-pressed", "true")

    ann.press("1")  # the next image is shown whole
    ann.saved(1)
    assert shape() == pytest.approx(fit)
    page.wait_for_timeout(250)  # before that a click might be the second half of a double click
    page.locator("#do-zoom").click()
    assert shape()[2] > 2 * fit[2]
    ann.press("Control+0")
    assert shape() == pytest.approx(fit)


def test_colours_and_the_size_of_text_are_chosen_and_kept(letters, enter):
    ann = enter(letters, "looks", color_scheme="light")
    page = ann.page

    def look():
        return page.evaluate(
            "(({ backgroundColor, fontSize }) => [backgroundColor, fontSize])(getComputedStyle(document.body))"
        )

    assert look() == ["rgb(245, 244, 240)", "16px"]
    ann.press("?")
    page.get_by_label("Colours").select_option("dark")
    page.get_by_label("Text", exact=True).select_option("huge")
    ann.press("Escape")
    assert look() == ["rgb(20, 22, 23)", "23px"]
    page.reload()
    expect(page.locator("#item > *")).to_be_visible()
    assert look() == ["rgb(20, 22, 23)", "23px"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
def test_a_class_is_explained_with_items_whose_label_one_may_know(project, enter):
    def said(project):
        items = project.pool.ids[:40]
        labels = ["spam" if i % 2 else "ham" for i in range(40)]
        labels[7] = "ham"  # easily confused
        by = ["ann" if i < 20 else "bob" for i in range(40)]
        project.tell(Answer(item=i, label=a, by=b) for i, a, b in zip(items, labels, by, strict=True))
        project.learn()

    guideline = "# ham\nWhat friends write.\n- letters\n- cards\n\n## spam ##\nWhat everybody gets."
    texts = [f"{'cheap pills' if i % 2 else 'see you at noon'}, letter {i}" for i in range(80)]
    how = {"model": "logistic", "strategy": "margin", "hide": 0.0, "overlap": 0.0, "gold": 0.0}
    server = proposing(project(texts, ["ham", "spam"], said, guideline=guideline, **how))
    ann = enter(server, "ann")
    page = ann.page
    ann.press("h")
    expect(page.locator("#guide-text > *")).to_have_text(
        ["ham", "What friends write.", "letterscards", "spam", "What everybody gets."]
    )
    page.get_by_label("About").select_option("spam")
    expect(page.locator("#definition")).to_have_text("What everybody gets.")
    examples = page.locator("#examples li")
    expect(examples).to_have_count(3)
    numbers = [int(n) for n in re.findall(r"letter (\d+)", " ".join(examples.all_inner_texts()))]
    assert max(numbers) < 20  # the others are bob's alone
    expect(examples.last).to_contain_text("letter 7")
    expect(examples.last).to_contain_text("you said ham; the model gives spam 0.")


@pytest.mark.slow
def test_rows_of_a_table_are_a_list_of_fields(project, enter):
    import pandas

    rows = pandas.DataFrame({"age": [31, 44, 52], "city": ["Rome", None, "<b>Oslo</b>"]})
    ann = enter(project(rows, ["stays", "leaves"]))
    seen = []
    for key in "121":
        assert ann.page.locator("#item dt").all_inner_texts() == ["age", "city"]
        seen.append(tuple(ann.page.locator("#item dd").all_inner_texts()))
        ann.press(key)
    assert set(seen) == {("31", "Rome"), ("44", "no value"), ("52", "<b>Oslo</b>")}


def test_at_the_end_it_says_so(project, enter):
    server = project(["a", "b", "c"], ["yes", "no"])
    ann = enter(server, "ann")
    bob = enter(server, "bob")
    expect(bob.page.locator("#end-title")).to_have_text("The rest is with others")
    for n, key in enumerate("121", start=1):
        ann.press(key)
        ann.saved(n)
    expect(ann.page.locator("#end-title")).to_have_text("Everything is labelled")
    expect(ann.page.locator("#end-take")).to_be_hidden()  # an annotator does not see what others said
    server.ask("POST", "/api/v1/people/role", {"name": "bob", "role": "reviewer"})
    bob.page.locator("#end-retry").click()
    expect(bob.page.locator("#end-title")).to_have_text("Everything is labelled")
    expect(bob.page.locator("#end-take")).to_be_visible()
    ann.press("Backspace")
    ann.page.locator("#item", has_text=re.compile("[abc]")).wait_for()


def test_what_is_left_goes_back_when_the_page_is_closed(letters, enter):
    ann = enter(letters, "leaving")
    ann.decide("1")
    ann.saved(1)
    until(lambda: ann.holds() >= 5)
    ann.page.goto("about:blank")
    until(lambda: ann.holds() == 0)


def test_leases_are_renewed_while_somebody_thinks(letters, enter):
    ann = enter(letters, "thinking")
    ann.page.clock.install()
    ann.page.reload()
    expect(ann.page.locator("#item > *")).to_be_visible()
    now = ann.item
    until(lambda: ann.holds() >= 5)
    with ann.page.expect_response(lambda answer: answer.url.endswith("/api/v1/leases")) as renewed:
        ann.page.clock.fast_forward(46_000)
    assert renewed.value.ok
    held = renewed.value.request.post_data_json["renew"]
    assert len(held) == len(set(held)) >= 5
    last = [event for event in ann.events() if event["event"] == "Renewed" and event["by"] == "thinking"][-1]
    assert set(last["items"]) <= set(held)
    ann.shows(now)


def test_a_reload_shows_the_same_item(letters, enter):
    ann = enter(letters, "reload")
    ann.decide("1", "2")
    now = ann.item
    ann.page.reload()
    ann.shows(now)
    ann.saved(2)
    ann.press("ArrowLeft")
    expect(ann.page.locator("#review")).to_contain_text("You said spam")


def test_two_tabs_ask_different_items(letters, enter):
    ann = enter(letters, "tabs")
    other = ann.context.new_page()
    other.goto(letters.url)
    expect(other.locator("#item > *")).to_be_visible()
    shown = {ann.item, other.locator("#item").inner_text()}
    for page in (ann.page, other, ann.page, other):
        page.bring_to_front()
        page.keyboard.press("1", delay=10)
        page.wait_for_timeout(300)
        shown.add(page.locator("#item").inner_text())
    assert len(shown) == 6
    until(lambda: len(ann.said()) == 4)
    assert len(ann.recorded()) == 4


def test_a_model_learns_behind_it_and_its_quality_is_said(project, enter):
    texts = [f"{'cheap pills' if i % 2 else 'see you at noon'}, letter {i}" for i in range(300)]
    ann = enter(project(texts, ["ham", "spam"], batch=5, audit=0.4))
    expect(ann.page.locator("#model")).to_have_text("no model yet")
    for _ in range(10):
        ann.decide("2" if "pills" in ann.item else "1")
    now = ann.item
    expect(ann.page.locator("#model")).to_have_text(re.compile(r"^model \d+"), timeout=60_000)
    until(lambda: any(e["event"] == "Released" for e in ann.events()))  # what was ahead is exchanged
    ann.shows(now)  # what is on screen is not
    figure = ann.page.locator("#figure")
    for _ in range(20):
        if figure.is_visible():
            break
        ann.decide("2" if "pills" in ann.item else "1")
    expect(ann.page.locator("#value")).to_have_text(re.compile(r"^[01]\.\d\d$"))
    expect(ann.page.locator("#interval")).to_have_text(re.compile(r"^0\.\d\d to [01]\.\d\d$"))
    expect(ann.page.locator("#from")).to_have_text(re.compile(r"^from \d+ audit answers?$"))
    expect(ann.page.locator("#curve")).to_be_visible(timeout=30_000)
    assert ann.page.locator("#curve").evaluate("image => image.naturalWidth") > 100


def test_the_panel_says_how_far_people_agree(project, enter):
    def said(project):
        for row, item in enumerate(project.pool.ids[:30]):
            label = "yes" if row % 2 else "no"
            other = label if row % 5 else "yes"
            project.tell([Answer(item=item, label=label, by="ann"), Answer(item=item, label=other, by="bob")])

    server = project([f"item {i}" for i in range(40)], ["no", "yes"], said, redundancy=2, audit=0)
    shown = enter(server, "eve").page.locator("#agreement")
    expect(shown).to_have_text(re.compile(r"^0\.\d\d \(0\.\d\d to 0\.\d\d\), 2 people$"))
    expect(shown).to_have_attribute("title", re.compile("30 items that several people labelled"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(letters, enter, scheme):
    ann = enter(letters, f"contrast-{scheme}", color_scheme=scheme)
    ann.decide("1")
    for where in (
        "#item p",
        "#words",
        ".choice .name",
        ".choice .chance",
        "#saved",
        "#do-skip",
        "#unknown",
        "#labelled",
    ):
        found = ann.page.locator(where).first
        assert found.evaluate(CONTRAST) >= 4.5, where


PLACES = (
    "#item p",
    "#words",
    ".choice .name",
    ".choice .chance",
    "#saved",
    "#do-skip",
    "#unknown",
    "#labelled",
)

# WCAG 2.2: (lighter + 0.05) / (darker + 0.05) of the relative luminances
CONTRAST = """(element) => {
  const rgba = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
  let behind = element;
  while (behind.parentElement && rgba(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
  const light = ([r, g, b]) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [x, y, z] = [r, g, b].map((v) => linear(v / 255));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const [one, other] = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(rgba).map(light);
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}"""


def test_on_a_phone_it_is_one_column_for_thumbs(letters, enter):
    ann = enter(letters, "phone", viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    assert ann.page.evaluate("document.documentElement.scrollWidth") == 390
    for button in ann.page.locator(".choice:visible, #actions button:visible").all():
        assert button.bounding_box()["height"] >= 44
    boxes = [ann.page.locator(id).bounding_box() for id in ("#desk", "#choices", "aside")]
    assert [box["y"] for box in boxes] == sorted(box["y"] for box in boxes)
    ann.page.wait_for_timeout(250)  # a tap right after an item came is taken for the end of a double tap
    ann.page.locator(".choice").first.tap()
    ann.saved(1)


def test_at_200_percent_zoom_nothing_is_cut_off(letters, enter):
    ann = enter(letters, "zoom", viewport={"width": 640, "height": 400}, device_scale_factor=2)
    assert ann.page.evaluate("document.documentElement.scrollWidth") == 640
    ann.page.locator("#do-undo").scroll_into_view_if_needed()
    ann.page.wait_for_timeout(250)
    ann.page.locator(".choice").first.click()
    ann.saved(1)


def test_the_keyboard_reaches_every_button(letters, enter):
    ann = enter(letters, "tab")
    reached = set()
    for _ in range(40):
        ann.page.keyboard.press("Tab")
        reached.add(ann.page.evaluate("document.activeElement.id || document.activeElement.textContent"))
        ring = ann.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring != "none" or ann.page.evaluate("document.activeElement === document.body")
    assert {"do-guide", "do-keys", "item", "do-skip", "do-unsure", "do-flag", "do-note", "do-undo"} <= reached
    assert any("ham" in name for name in reached)


def test_a_breach_of_the_content_policy_would_be_seen(letters, enter):
    ann = enter(letters, "policy")
    ann.page.evaluate("document.body.setAttribute('style', 'color: red')")
    with pytest.raises(Error, match="TrustedHTML"):
        ann.page.evaluate("document.body.innerHTML = '<p>'")
    until(lambda: len(ann.page.evaluate("window.violations")) == 2)
    ann.page.evaluate("window.violations = []")
    ann.complaints.clear()
