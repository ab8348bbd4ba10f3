"""Who there is: nobody comes in by what is written down, and nobody makes themselves more than they are."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from clock import Clock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from asklearn.errors import SettingError
from asklearn.server.accounts import DAY, FILE, GIVEN, HERE, INVITED, Accounts, read
from asklearn.server.refusals import Refused
from asklearn.server.rights import ROLES
from asklearn.server.sessions import ADDRESSES, BURST, REFILL, Failures, Sessions, secret_of

OWNER, MANAGER = ROLES["owner"], ROLES["manager"]
SECRET = "a-secret-that-is-long-enough-for-a-test"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    secret_of(tmp_path)
    return tmp_path


@pytest.fixture
def accounts(folder: Path, clock: Clock) -> Accounts:
    return Accounts(secret_of(folder), folder, clock)


def role(accounts: Accounts, name: str) -> str | None:
    person = accounts.register.person(name)
    return None if person is None else person.role


def enter(accounts: Accounts, name: str, role: str) -> None:
    assert accounts.accept(accounts.invite(name, role, HERE, OWNER)) == name


# -- invitations -----------------------------------------------------------------------------------


def test_an_invitation_is_good_once_and_outlives_the_server(folder, clock):
    code = Accounts(secret_of(folder), folder, clock).invite("zoe", "reviewer", HERE, OWNER)
    after = Accounts(secret_of(folder), folder, clock)
    assert after.accept(code) == "zoe"
    assert after.accept(code) is None
    assert role(after, "zoe") == "reviewer"


def test_an_invitation_runs_out(accounts, clock):
    young, old = accounts.invite("ann", None, HERE, OWNER, DAY), accounts.invite("bob", None, HERE, OWNER)
    clock.now += INVITED
    assert accounts.accept(old) is None
    assert accounts.accept(young) is None
    code = accounts.invite("bob", None, HERE, OWNER)
    assert list(accounts.register.invites) == ["bob"]  # what ran out is forgotten
    clock.now += INVITED - 1
    assert accounts.accept(code) == "bob"


@pytest.mark.parametrize("days", [0, -1, float("inf"), float("nan"), 1e9])
def test_nothing_is_good_for_never_or_ever(accounts, days):
    with pytest.raises(SettingError, match="days"):
        accounts.invite("ann", None, HERE, OWNER, days * DAY)
    with pytest.raises(SettingError, match="days"):
        accounts.make_token("bot", ("read",), HERE, days * DAY)


def test_a_later_link_takes_the_place_of_an_earlier_one(accounts):
    first, second = (accounts.invite("ann", None, HERE, OWNER) for _ in range(2))
    assert accounts.accept(first) is None
    assert accounts.accept(second) == "ann"


def test_another_way_in_changes_nobody(accounts):
    enter(accounts, "ann", "reviewer")
    before = accounts.register.person("ann")
    with pytest.raises(SettingError, match="here already, as reviewer"):
        accounts.invite("ann", "viewer", HERE, OWNER)
    assert accounts.accept(accounts.invite("ann", None, HERE, OWNER)) == "ann"
    assert accounts.register.person("ann") == before  # and the cookie in the other browser goes on


def test_codes_of_another_project_or_kind_open_nothing(accounts, tmp_path):
    (tmp_path / "other").mkdir()
    other = Accounts(secret_of(tmp_path / "other"), tmp_path / "other")
    code, token = other.invite("ann", None, HERE, OWNER), other.make_token("bot", ("read",), HERE)
    # Even with the other one's file: what is kept is bound to the secret.
    (accounts._folder / FILE).write_bytes((tmp_path / "other" / FILE).read_bytes())
    assert accounts.register.invites
    assert (accounts.accept(code), accounts.bears(token)) == (None, None)
    assert (other.accept(token), other.bears(code)) == (None, None)
    assert other.accept("") is None
    assert other.bears("") is None


@pytest.mark.parametrize("name", ["", " ", "a\n", "a" * 65, " ann"])
def test_names_are_names(accounts, name):
    for act in (
        lambda: accounts.invite(name, None, HERE, OWNER),
        lambda: accounts.make_token(name, ("read",), HERE),
        lambda: accounts.admit(name),
    ):
        with pytest.raises(SettingError, match="1 to 64 printable"):
            act()


# -- roles -----------------------------------------------------------------------------------------


def test_who_opens_the_page_at_the_machine_owns_it_and_others_by_its_word_annotate(accounts):
    assert accounts.admit(HERE).role == "owner"
    assert accounts.admit("ann").role == "annotator"
    accounts.change_role("ann", "reviewer", OWNER)
    assert accounts.admit("ann").role == "reviewer"
    with pytest.raises(SettingError, match="machine"):
        accounts.invite(HERE, None, HERE, OWNER)
    with pytest.raises(SettingError, match="owner always"):
        accounts.change_role(HERE, "viewer", OWNER)


def test_the_last_owner_stays(accounts):
    enter(accounts, "ann", "owner")
    for act in (lambda: accounts.remove("ann", OWNER), lambda: accounts.change_role("ann", "manager", OWNER)):
        with pytest.raises(SettingError, match="no owner"):
            act()
    assert role(accounts, "ann") == "owner"
    enter(accounts, "bob", "owner")
    accounts.change_role("ann", "manager", OWNER)
    with pytest.raises(SettingError, match="no owner"):
        accounts.remove("bob", OWNER)


def test_a_manager_makes_no_owners_or_managers_and_touches_none(accounts):
    for name, what in (("olga", "owner"), ("max", "manager"), ("ann", "annotator")):
        enter(accounts, name, what)
    accounts.invite("late", "manager", HERE, OWNER)
    forbidden = [
        lambda: accounts.invite("eve", "owner", "max", MANAGER),
        lambda: accounts.invite("eve", "manager", "max", MANAGER),
        lambda: accounts.invite("olga", None, "max", MANAGER),  # a way in as the owner
        lambda: accounts.invite("late", "annotator", "max", MANAGER),  # in place of the owner's
        lambda: accounts.withdraw_invite("late", MANAGER),
        lambda: accounts.change_role("ann", "manager", MANAGER),
        lambda: accounts.change_role("max", "owner", MANAGER),
        lambda: accounts.change_role("olga", "annotator", MANAGER),
        lambda: accounts.remove("olga", MANAGER),
        lambda: accounts.remove("max", MANAGER),
    ]
    before = accounts.register
    for act in forbidden:
        with pytest.raises(Refused, match="only an owner") as refused:
            act()
        assert refused.value.status == 403
    assert accounts.register == before
    accounts.change_role("ann", "reviewer", MANAGER)
    accounts.invite("ben", "viewer", "max", MANAGER)
    accounts.withdraw_invite("ben", MANAGER)
    accounts.remove("ann", MANAGER)


def test_a_link_made_for_an_annotator_does_not_open_an_owner(accounts):
    enter(accounts, "ann", "annotator")
    code = accounts.invite("ann", None, "max", MANAGER)
    accounts.change_role("ann", "owner", OWNER)
    assert accounts.accept(code) is None


def test_who_leaves_takes_their_links_and_tokens_along(accounts):
    enter(accounts, "olga", "owner")
    enter(accounts, "pete", "owner")
    friend, own = (accounts.invite(name, None, "olga", OWNER) for name in ("friend", "olga"))
    other = accounts.invite("other", None, "pete", OWNER)
    token = accounts.make_token("bot", ("manage",), "olga")
    pete_s = accounts.make_token("pete's", ("manage",), "pete")
    by_bot = accounts.invite("guest", None, "pete's", frozenset({"manage"}))
    accounts.change_role("olga", "manager", OWNER)
    assert accounts.bears(token) is None  # managers make none
    assert "friend" in accounts.register.invites  # but they invite
    accounts.remove("olga", OWNER)
    assert [accounts.accept(code) for code in (friend, own)] == [None, None]
    assert accounts.bears(pete_s) is not None
    accounts.withdraw_token("pete's")
    assert (accounts.bears(pete_s), accounts.accept(by_bot)) == (None, None)
    assert accounts.accept(other) == "other"


def test_coming_back_is_a_new_stay(accounts):
    enter(accounts, "ann", "reviewer")
    before = accounts.register.person("ann").mark
    assert accounts.stays("ann", before)
    accounts.remove("ann", OWNER)
    assert accounts.stays("ann", before) is None
    assert accounts.stays("ann", "") is None
    enter(accounts, "ann", "annotator")
    assert accounts.stays("ann", before) is None
    assert role(accounts, "ann") == "annotator"


@pytest.mark.parametrize("act", ["change_role", "remove", "withdraw_invite", "withdraw_token"])
def test_what_is_not_there_is_named(accounts, act):
    enter(accounts, "ann", "annotator")
    given = {"change_role": ("zoe", "viewer", OWNER), "withdraw_token": ("zoe",)}.get(act, ("zoe", OWNER))
    with pytest.raises(SettingError, match="'zoe'"):
        getattr(accounts, act)(*given)


def test_there_is_no_other_role(accounts):
    enter(accounts, "ann", "annotator")
    for act in (
        lambda: accounts.invite("zoe", "god", HERE, OWNER),
        lambda: accounts.change_role("ann", "api", OWNER),
    ):
        with pytest.raises(SettingError, match="there are owner, manager, reviewer, annotator, viewer"):
            act()


# -- tokens ----------------------------------------------------------------------------------------


def test_a_token_has_its_rights_its_time_and_its_end(accounts, clock):
    text = accounts.make_token("bot", ("labels", "read"), HERE, DAY)
    name, token = accounts.bears(text)
    assert (name, token.rights) == ("bot", ("read", "labels"))
    clock.now += DAY
    assert accounts.bears(text) is None
    lasting = accounts.make_token("other", ("read",), HERE)
    clock.now += 1000 * DAY
    assert accounts.bears(lasting)
    accounts.withdraw_token("other")
    assert accounts.bears(lasting) is None


@pytest.mark.parametrize("rights", [(), ("own",), ("read", "own"), ("everything",)])
def test_a_token_never_owns(accounts, rights):
    with pytest.raises(SettingError, match=", ".join(GIVEN)):
        accounts.make_token("bot", rights, HERE)


def test_a_token_has_a_name_of_its_own(accounts):
    enter(accounts, "ann", "annotator")
    accounts.invite("ben", None, HERE, OWNER)
    accounts.make_token("bot", ("read",), HERE)
    for name in ("ann", "ben", "bot", HERE):
        with pytest.raises(SettingError, match="somebody already"):
            accounts.make_token(name, ("read",), HERE)
    for act in (lambda: accounts.invite("bot", None, HERE, OWNER), lambda: accounts.admit("bot")):
        with pytest.raises(SettingError, match="a script is no person"):
            act()


# -- the file --------------------------------------------------------------------------------------


def test_the_file_is_for_its_owner_s_eyes_and_lets_nobody_in(accounts, folder):
    accounts.admit("ann")
    said = [accounts.invite("zoe", None, HERE, OWNER), accounts.make_token("bot", ("read",), HERE)]
    text = (folder / FILE).read_text()
    assert (folder / FILE).stat().st_mode & 0o777 == 0o600
    assert not [word for word in [*said, secret_of(folder)] if word in text or word[9:] in text]
    hashes = [token["hash"] for part in ("invites", "tokens") for token in json.loads(text)[part].values()]
    for hashed in hashes:
        assert (accounts.accept(hashed), accounts.bears(hashed)) == (None, None)


def test_what_another_process_writes_counts_at_once(accounts, folder):
    other = Accounts(secret_of(folder), folder)
    for _ in range(3):
        enter(other, "ann", "annotator")
        assert role(accounts, "ann") == "annotator"
        accounts.change_role("ann", "viewer", OWNER)
        assert role(other, "ann") == "viewer"
        other.remove("ann", OWNER)
        assert role(accounts, "ann") is None


def test_writers_do_not_undo_each_other(folder):
    def write(number: int) -> None:
        own = Accounts(secret_of(folder), folder)
        for i in range(10):
            own.admit(f"p{number}-{i}")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read(folder).people) == {f"p{number}-{i}" for number in range(4) for i in range(10)}


def at_once(*acts):
    """What each of these gives, all begun at the same moment, with as many changes of thread as there can be."""
    before, ready = sys.getswitchinterval(), threading.Barrier(len(acts))

    def begin(act):
        ready.wait()
        return act()

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(acts)) as threads:
            return [work.result() for work in [threads.submit(begin, act) for act in acts]]
    finally:
        sys.setswitchinterval(before)


def test_one_invitation_opens_one_browser_of_many(folder, accounts, clock):
    code = accounts.invite("zoe", "reviewer", "me", OWNER)
    others = [Accounts(secret_of(folder), folder, clock) for _ in range(6)]  # as many processes would
    assert sorted(map(str, at_once(*(partial(other.accept, code) for other in others)))) == ["None"] * 5 + [
        "zoe"
    ]


def test_who_is_let_in_by_several_at_once_enters_once(folder, accounts):
    """Each stay has a mark of its own: a second one would shut the first out at once."""
    came = at_once(*[partial(accounts.admit, "new")] * 6)
    assert {person.mark for person in came} == {accounts.register.person("new").mark}


def test_who_comes_in_by_an_invitation_meanwhile_stays_what_they_are(folder, accounts, clock, monkeypatch):
    code = accounts.invite("zoe", "reviewer", "me", OWNER)
    waits = accounts._changing
    monkeypatch.setattr(
        accounts, "_changing", lambda: (Accounts(secret_of(folder), folder, clock).accept(code), waits())[1]
    )
    assert accounts.admit("zoe").role == accounts.register.person("zoe").role == "reviewer"


def test_tickets_made_and_used_at_once_open_the_page_once_each():
    sessions = Sessions(SECRET)
    sessions.ticket("ann")

    def use():
        return [
            (sessions.redeem(ticket := sessions.ticket("ann")), sessions.redeem(ticket)) for _ in range(300)
        ]

    found = at_once(*[use] * 6)
    assert {pair for pairs in found for pair in pairs} == {("ann", None)}


def test_a_refused_change_writes_nothing(accounts, folder):
    enter(accounts, "ann", "owner")
    before = (folder / FILE).read_bytes()
    with pytest.raises(SettingError):
        accounts.remove("ann", OWNER)
    assert (folder / FILE).read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == [FILE, "secret"]


def test_what_a_crash_left_aside_is_in_nobody_s_way(accounts, folder):
    (folder / f"{FILE}.new").write_text("half a li")
    enter(accounts, "ann", "annotator")
    assert role(accounts, "ann") == "annotator"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"people": {"a": {}}, "invites": {}, "tokens": {}}',
        '{"people": {"a": {"role": "god", "since": 0, "mark": ""}}, "invites": {}, "tokens": {}}',
        '{"people": {}, "invites": {}, "tokens": {"a": {"rights": 3}}}',
    ],
)
def test_a_broken_file_lets_nobody_in_and_is_named(accounts, folder, text):
    (folder / FILE).write_text(text)
    with pytest.raises(SettingError, match=r"people.json|no role"):
        accounts.stays("a", "")
    with pytest.raises(SettingError):
        accounts.admit("ann")
    assert (folder / FILE).read_text() == text


# -- any order of things ---------------------------------------------------------------------------

NAMES = st.sampled_from(["ann", "ben", "eve", HERE])
ANY_ROLE = st.sampled_from(sorted(ROLES))


class People(RuleBasedStateMachine):
    """Somebody who manages, somebody who owns and the machine's holder do anything, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts = Accounts(SECRET)
        self.accounts.admit(HERE)
        self.codes: list[str] = []
        self.used: set[str] = set()

    def _try(self, rights: frozenset[str], act) -> None:
        above = {n: p for n, p in self.accounts.register.people.items() if "manage" in ROLES[p.role]}
        try:
            act()
        except (SettingError, Refused):
            return
        if "own" not in rights:  # a manager's act leaves all owners and managers as they were, and makes none
            now = {n: p for n, p in self.accounts.register.people.items() if "manage" in ROLES[p.role]}
            assert now == above

    @rule(name=NAMES, role=st.none() | ANY_ROLE, rights=st.sampled_from([OWNER, MANAGER]))
    def invite(self, name, role, rights):
        by = "boss" if rights is OWNER else "chief"
        self._try(rights, lambda: self.codes.append(self.accounts.invite(name, role, by, rights)))
        invited = self.accounts.register.invites.values()
        assert not [i for i in invited if i.by == "chief" and "manage" in ROLES[i.role]]

    @precondition(lambda self: self.codes)
    @rule(data=st.data())
    def accept(self, data):
        code = data.draw(st.sampled_from(self.codes))
        came = self.accounts.accept(code)
        assert came is None or code not in self.used
        self.used.add(code)

    @rule(name=NAMES, role=ANY_ROLE, rights=st.sampled_from([OWNER, MANAGER]))
    def change(self, name, role, rights):
        self._try(rights, lambda: self.accounts.change_role(name, role, rights))

    @rule(name=NAMES, rights=st.sampled_from([OWNER, MANAGER]))
    def remove(self, name, rights):
        self._try(rights, lambda: self.accounts.remove(name, rights))

    @rule(name=NAMES)
    def admit(self, name):
        before = role(self.accounts, name)
        assert self.accounts.admit(name).role == ("owner" if name == HERE else before or "annotator")

    @invariant()
    def somebody_owns_it(self):
        assert self.accounts.register.owners

    @invariant()
    def the_holder_of_the_folder_is_an_owner_or_away(self):
        assert role(self.accounts, HERE) in ("owner", None)


People.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
test_any_order_of_things = People.TestCase


# -- who knocks ------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 30), max_size=80))
def test_an_address_fails_so_often_and_no_more(pauses):
    """Against a bucket that is filled drop by drop."""
    clock, left = Clock(), float(BURST)
    failures = Failures(clock)
    for pause in pauses:
        clock.now += pause
        left = min(BURST, left + pause / REFILL)
        wait = failures.wait("there")
        assert (wait == 0) == (left >= 1) or abs(left - 1) < 1e-6
        assert failures.wait(f"elsewhere {clock.now}") == 0
        if wait:
            assert 0 < wait <= REFILL + 1
        else:
            left -= 1


def test_knocking_fills_no_memory():
    failures = Failures(Clock())
    for number in range(ADDRESSES + 10):
        failures.wait(str(number))
    assert len(failures._until) == ADDRESSES
