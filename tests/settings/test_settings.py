"""What a good config becomes."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from maild import settings
from maild.core.house import AgentTrust, Digests, Queue, Submitter
from maild.core.mail import Limits
from maild.errors import ConfigError
from maild.settings import (
    AuthenticateSettings,
    Listen,
    OpenDay,
    RuntimeLimits,
    Settings,
    Span,
    Target,
    WarnAt,
    schema,
)

_ROOT = Path(__file__).parents[2]
_MAILD = '[maild]\nname = "Support"\ndomain = "example.com"\n'
_COMMENTED = re.compile(r"(?m)^# (?=\[|[a-z_]+ = )")


def _load(folder: Path, text: str, **environ: str) -> Settings:
    (folder / "config.toml").write_text(text)
    return settings.load(folder / "config.toml", environ=environ)


def test_maild_is_all_that_is_needed(tmp_path: Path) -> None:
    made = _load(tmp_path, _MAILD)

    assert made.state_dir == tmp_path / "var"
    assert made.secret_file == tmp_path / "var/secret"
    assert made.database_url == f"sqlite:///{tmp_path}/var/maild.db"
    assert made.smtp.listen == (Listen(host="127.0.0.1", port=8025),)
    assert made.web.listen == Listen(host="127.0.0.1", port=8080)
    assert made.web.admin_listen == Listen(host="127.0.0.1", port=8081)
    assert made.web.wall_password == ""
    assert made.relay.scheme == "maildir"
    assert made.relay.path == tmp_path / "var/outgoing"
    assert made.rules_dir == settings.shipped("rules")
    assert made.templates_dir is None
    assert [(box.name, box.address) for box in made.house.mailboxes] == [
        ("Support", "support@example.com")
    ]
    assert made.house.queues == (Queue(name="support"),)
    assert made.limits == Limits()
    assert made.runtime == RuntimeLimits()
    assert made.smtp.max_size_bytes == made.limits.mail_bytes


def test_folders_beside_the_config_are_taken(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "templates").mkdir()

    made = _load(tmp_path, _MAILD)

    assert made.rules_dir == tmp_path / "rules"
    assert made.templates_dir == tmp_path / "templates"


def test_a_language_with_templates_of_ones_own_is_known(tmp_path: Path) -> None:
    (tmp_path / "templates/it").mkdir(parents=True)
    box = '[[mailbox]]\nname = "A"\naddress = "a@example.com"\nlanguage = "it"\n'

    assert _load(tmp_path, _MAILD + box).house.mailboxes[0].language == "it"


def test_a_mailbox_without_queue_goes_to_the_first(tmp_path: Path) -> None:
    text = '[[queue]]\nname = "x"\n[[mailbox]]\nname = "A"\naddress = "a@example.com"\n'

    assert _load(tmp_path, _MAILD + text).house.mailboxes[0].queue == "x"


def test_queues_are_those_in_use_when_none_is_declared(tmp_path: Path) -> None:
    text = '[[mailbox]]\nname = "A"\naddress = "A@example.com"\nqueue = "x"\n'
    text += '[[agent]]\naddress = "alice@example.com"\nqueues = ["y", "x"]\n'

    house = _load(tmp_path, _MAILD + text).house

    assert [queue.name for queue in house.queues] == ["x", "y"]
    assert house.mailboxes[0].address == "a@example.com"


def test_a_long_address_is_fine_with_a_reply_domain(tmp_path: Path) -> None:
    box = '[[mailbox]]\nname = "A"\naddress = "customer-support-de@example.com"\n'

    made = _load(tmp_path, _MAILD + 'reply_domain = "r.example.com"\n' + box)

    assert made.house.reply_domain == "r.example.com"


def test_the_longest_address_with_room_for_a_token_is_taken(tmp_path: Path) -> None:
    box = f'[[mailbox]]\nname = "A"\naddress = "{"x" * 18}@example.com"\n'

    assert _load(tmp_path, _MAILD + box).house.mailboxes[0].address.startswith("x" * 18 + "@")


def test_a_password_comes_from_its_file_and_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("s3cret pass \r\n")
    relay = '[relay]\nurl = "smtps://mx.example.com"\nuser = "u"\npassword_file = "pw"\n'

    made = _load(tmp_path, _MAILD + relay)

    assert made.relay.password == "s3cret pass "
    assert (made.relay.host, made.relay.port) == ("mx.example.com", 465)
    assert "s3cret" not in repr(made)


def test_systemd_credentials_come_before_files_beside_the_config(tmp_path: Path) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials/pw").write_text("from systemd\n")
    (tmp_path / "pw").write_text("from beside\n")
    relay = '[relay]\nurl = "smtp://mx.example.com"\nuser = "u"\npassword_file = "{}"\n'
    directory = str(tmp_path / "credentials")

    plain = _load(tmp_path, _MAILD + relay.format("pw"), CREDENTIALS_DIRECTORY=directory)
    path = _load(tmp_path, _MAILD + relay.format("./pw"), CREDENTIALS_DIRECTORY=directory)

    assert plain.relay.password == "from systemd"
    assert path.relay.password == "from beside"


def test_a_refused_config_does_not_show_a_password(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("s3cret\nsecond line\n")
    relay = '[relay]\nurl = "smtps://mx.example.com"\nuser = "u"\npassword_file = "pw"\n'

    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, _MAILD + relay)

    assert "s3cret" not in str(caught.value)


def test_digests_go_to_whom_the_report_says_and_by_default_to_nobody(tmp_path: Path) -> None:
    silent = _load(tmp_path, _MAILD)
    leads = _load(tmp_path, _MAILD + '[report]\ndigest = "leads"\nzone = "Asia/Kolkata"\n')

    with pytest.raises(ConfigError, match=r"toml:5: .*digest: must be 'all', 'leads' or 'none'"):
        _load(tmp_path, _MAILD + '[report]\ndigest = "some"\n')

    assert (silent.house.digest, silent.house.zone) == (Digests.NONE, "UTC")
    assert (leads.house.digest, leads.house.zone) == (Digests.LEADS, "Asia/Kolkata")


def test_an_absent_config_is_a_problem_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml: the file cannot be read: No such file"):
        settings.load(tmp_path / "config.toml", environ={})


def test_without_a_path_the_shipped_config_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    made = settings.load(None, environ={})

    assert made.file is None
    assert made.state_dir == tmp_path / "var"
    assert made.rules_dir == settings.shipped("rules")
    assert [agent.address for agent in made.house.agents] == [
        "alice@example.com",
        "bob@example.com",
    ]


def test_explain_needs_no_config_at_all(tmp_path: Path) -> None:
    made = settings.defaults(tmp_path)

    assert made.state_dir == tmp_path
    assert made.house.mailboxes[0].address == "support@example.com"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["rules", "templates", "config.toml"])
def test_what_is_shipped_is_there(kind: str) -> None:
    assert settings.shipped(kind).exists()


def test_the_wheel_keeps_what_is_shipped_inside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shipped/rules").mkdir(parents=True)
    monkeypatch.setattr(settings, "_PACKAGE", tmp_path)

    assert settings.shipped("rules") == tmp_path / "shipped/rules"
    assert settings.shipped("templates") == tmp_path.parent / "templates"


def test_later_features_are_read_now(tmp_path: Path) -> None:
    text = """
[[calendar]]
name = "office"
zone = "Europe/Berlin"
hours = { mon = "09:00-12:00,13:00-17:00", sat = "00:00-24:00" }
holidays = "DE-BE"
closed = [2026-12-24, "2026-12-31"]
open = ["2026-12-27", 2026-12-28, "2026-12-29 09:00-12:00"]
[[sla]]
name = "standard"
calendar = "office"
first_response = "90m"
resolution = { urgent = "4h", low = "1d12h" }
warn_at = ["80%", "30m"]
pause = ["pending", "on-hold"]
[retention]
raw_mail = "730d"
held = "forever"
[trust]
agents = "confirm-all"
"""

    made = _load(tmp_path, _MAILD + text)

    [calendar], [policy] = made.calendars, made.policies
    assert calendar.hours[0] == (Span(start=540, end=720), Span(start=780, end=1020))
    assert calendar.hours[5] == (Span(start=0, end=1440),)
    assert calendar.hours[6] == ()
    assert calendar.closed == (date(2026, 12, 24), date(2026, 12, 31))
    assert calendar.open[2] == OpenDay(day=date(2026, 12, 29), spans=(Span(start=540, end=720),))
    assert policy.first_response == Target(urgent=5400, high=5400, normal=5400, low=5400)
    assert policy.resolution == Target(urgent=14400, low=129600)
    assert policy.warn_at == (WarnAt(share=0.8), WarnAt(before_seconds=1800))
    assert made.retention.raw_mail_seconds == 730 * 86400
    assert made.retention.held_seconds == 0
    assert made.house.agent_trust is AgentTrust.CONFIRM_ALL


def test_a_long_path_is_no_problem(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100) / ("y" * 100)

    made = _load(tmp_path, f'{_MAILD}state_dir = "{folder}"\n')

    assert made.state_dir == folder
    assert settings.defaults(folder).state_dir == folder


def test_every_place_to_listen_on_is_read(tmp_path: Path) -> None:
    text = '[smtp]\nlisten = ["[::1]:25", "unix:/run/maild", "fd:smtp"]\nprotocol = "lmtp"\n'

    made = _load(tmp_path, _MAILD + text + '[web]\nlisten = ""\n')

    assert made.smtp.lmtp
    assert made.web.listen is None
    assert made.smtp.listen == (
        Listen(host="::1", port=25),
        Listen(host="unix:/run/maild", port=0),
        Listen(host="fd:smtp", port=0),
    )


def test_a_relay_and_imap_get_their_usual_ports(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("x")
    text = """
[[mailbox]]
name = "A"
address = "a@example.com"
imap = { host = "127.0.0.1", tls = "none", user = "u", password_file = "pw", since = 2026-01-31 }
relay = { url = "smtp://mx.example.com" }
"""

    made = _load(tmp_path, _MAILD + text)

    assert (made.imap[0].port, made.imap[0].since) == (143, "2026-01-31")
    assert [(name, relay.port) for name, relay in made.mailbox_relays] == [("A", 587)]


def test_database_paths_are_relative_to_the_config(tmp_path: Path) -> None:
    sqlite = _load(tmp_path, _MAILD + '[database]\nurl = "sqlite:///d/x.db"\n')
    absolute = _load(tmp_path, _MAILD + '[database]\nurl = "sqlite:////srv/x.db"\n')
    postgres = _load(tmp_path, _MAILD + '[database]\nurl = "postgresql://m@db/m"\n')

    assert sqlite.database_url == f"sqlite:///{tmp_path}/d/x.db"
    assert absolute.database_url == "sqlite:////srv/x.db"
    assert postgres.database_url == "postgresql://m@db/m"


def test_the_environment_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILD", '{"name": "x"}')
    monkeypatch.setenv("SMTP", "x")

    assert _load(tmp_path, _MAILD).house.name == "Support"


def test_the_shipped_config_is_valid() -> None:
    made = settings.load(_ROOT / "config.toml", environ={})

    assert made.house.mailboxes[0].address == "support@example.com"
    assert made.state_dir == _ROOT / "var"


def test_figures_of_single_agents_are_off_unless_the_house_says_otherwise(tmp_path: Path) -> None:
    assert not _load(tmp_path, _MAILD).report.per_agent
    assert _load(tmp_path, _MAILD + "[report]\nper_agent = true\n").report.per_agent
    with pytest.raises(ConfigError):
        _load(tmp_path, _MAILD + '[report]\nper_agent = "leads"\n')


def test_every_key_of_the_schema_stands_in_the_shipped_config() -> None:
    written = _keys_of_file(_uncommented())

    assert _keys_of_schema() - written == set()


def test_every_key_of_the_shipped_config_is_in_the_schema() -> None:
    written = _keys_of_file(_uncommented())

    assert written - _keys_of_schema() == set()


def test_the_defaults_that_the_shipped_config_shows_are_true() -> None:
    shown = tomllib.loads(_uncommented())
    without = {key: shown[key] for key in ("limits", "trust", "retention", "web", "report")}

    limits = schema.LimitsTable(**without["limits"])
    trust = schema.TrustTable(**without["trust"])
    retention = schema.RetentionTable(**without["retention"])
    web = schema.WebTable(**without["web"])
    report = schema.ReportTable(**without["report"])

    assert limits == schema.LimitsTable()
    assert trust == schema.TrustTable()
    assert retention == schema.RetentionTable()
    assert web == schema.WebTable()
    assert report == schema.ReportTable()


def _uncommented() -> str:
    """The shipped config with every optional key switched on."""
    return _COMMENTED.sub("", (_ROOT / "config.toml").read_text())


def _keys_of_file(text: str) -> set[str]:
    """Every key of a config as `mailbox.imap.port`; weekdays and priorities left out."""
    waiting: list[tuple[str, object]] = [("", tomllib.loads(text))]
    found: set[str] = set()
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, list):
            waiting.extend((name, item) for item in value)
        elif isinstance(value, dict):
            waiting.extend((f"{name}.{key}".lstrip("."), item) for key, item in value.items())
        found.add(name)
    return found - {""}


def _keys_of_schema() -> set[str]:
    """Every key that the models have."""
    waiting: list[tuple[str, object]] = [("", schema.ConfigFile)]
    found: set[str] = set()
    shorthand = {
        f"sla.{key}.{p}"
        for key in ("next_response", "resolution")
        for p in ("urgent", "high", "normal", "low")
    }
    while waiting:
        name, kind = waiting.pop()
        found.add(name)
        for inside in (kind, *get_args(kind)):
            if isinstance(inside, type) and issubclass(inside, BaseModel):
                waiting.extend(
                    (f"{name}.{key}".lstrip("."), field.annotation)
                    for key, field in inside.model_fields.items()
                )
    return found - {""} - shorthand


def test_our_own_checks_are_off_until_they_are_wanted(tmp_path: Path) -> None:
    assert not _load(tmp_path, _MAILD).smtp.authenticate.is_on

    text = '[smtp]\nauthenticate = true\narc_sealers = ["Lists.example"]\n'
    text += 'nameservers = ["127.0.0.1", "127.0.0.1:5353", "::1", "[::1]:5353"]\n'
    text += 'trusted_clients = ["10.0.0.0/8"]\ntrusted_domains = ["example.com"]\n'
    text += '[limits]\ndns_lookups = 20\ndns_wall = "3s"\ndkim_signatures = 2\n'
    made = _load(tmp_path, _MAILD + text)

    assert made.limits.dkim_signatures == 2
    assert made.smtp.authenticate == AuthenticateSettings(
        is_on=True,
        sealers=("lists.example",),
        nameservers=(("127.0.0.1", 53), ("127.0.0.1", 5353), ("::1", 53), ("::1", 5353)),
        trusted_clients=("10.0.0.0/8",),
        lookups=20,
        seconds=3,
    )


def test_the_house_knows_whom_an_account_proves(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("secret\n")
    for name in ("c.pem", "k.pem"):
        (tmp_path / name).touch()
    text = '[smtp]\ntls_cert = "c.pem"\ntls_key = "k.pem"\n[[smtp.account]]\nuser = "a"\n'
    text += 'password_file = "p"\naddresses = ["Alice@example.com"]\n'
    text += '[[mailbox]]\nname = "A"\naddress = "a@example.com"\n'
    text += 'authserv_id = "mx.example.com"\nreceived_by = "imap.example.com"\n'

    house = _load(tmp_path, _MAILD + text).house

    assert house.accounts == (Submitter(user="a", addresses=("alice@example.com",)),)
    assert house.mailboxes[0].received_by == ("imap.example.com",)


def test_providers_are_known_and_every_address_of_theirs_can_be_another(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("s3cret\n")
    (tmp_path / "key.json").write_text(
        '{"client_email": "robot@project.example", "private_key": "-----\\nkey", '
        '"private_key_id": "k1"}'
    )
    made = _load(
        tmp_path,
        _MAILD
        + """
[[oauth]]
name = "app"
provider = "microsoft"
grant = "client_credentials"
client_id = "0000"
client_secret_file = "secret.txt"
tenant = "acme"
expires = 2027-06-30
[[oauth]]
name = "person"
provider = "microsoft"
client_id = "0000"
token_url = "https://login.sovereign.example/token"
[[oauth]]
name = "robot"
provider = "google"
grant = "service_account"
service_account_file = "key.json"
[relay]
url = "smtp://smtp.example.com:587"
user = "support@example.com"
oauth = "robot"
""",
    )

    app, person, robot = made.oauth
    assert app.token_url == "https://login.microsoftonline.com/acme/oauth2/v2.0/token"
    assert app.scope == "https://outlook.office365.com/.default"
    assert (app.secret, app.expires) == ("s3cret", date(2027, 6, 30))
    assert person.token_url == "https://login.sovereign.example/token"
    assert person.device_url.endswith("/organizations/oauth2/v2.0/devicecode")
    assert "offline_access" in person.scope
    assert person.refresh_days == 90
    assert (robot.client_id, robot.key_id) == ("robot@project.example", "k1")
    assert robot.private_key == "-----\nkey"
    assert robot.token_url == "https://oauth2.googleapis.com/token"
    assert made.oauth_users == (("robot", "support@example.com"),)
    assert "s3cret" not in repr(made)
    assert "private_key" not in repr(robot)
