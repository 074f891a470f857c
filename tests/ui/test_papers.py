"""Papers to take along from the page of joint projects."""

from __future__ import annotations

import io

import docx
import pytest

from matchmaker import reports, service
from matchmaker.i18n import language
from matchmaker.model import Preferences
from matchmaker.ui import papers
from matchmaker.workspace import Workspace

SIMULATED = "00000001"


@pytest.mark.parametrize(
    ("lang", "labels"),
    [
        ("de", ["Vorlage (Word)", "Vorlage (PDF)", "Rechnung (Excel)"]),
        ("en", ["Paper (Word)", "Paper (PDF)", "Calculation (Excel)"]),
    ],
)
def test_every_project_offers_its_papers(look, lang, labels):
    session = look("projects", key=SIMULATED, lang=lang)
    projects = [m for m in session.markdown if m.value.startswith("#### ")]
    offered = [b.proto.label for b in session.get("download_button") if b.proto.label in labels]
    assert offered == labels * len(projects)
    assert projects


def test_the_paper_is_about_the_project_it_is_offered_with():
    """And it is made outside any session, as the server does when it is asked for."""
    data = Workspace().load()
    group = service.joint_projects(data, SIMULATED, Preferences())[0]
    for ending in reports.FORMATS:
        assert papers._made(data, group, SIMULATED, ending, language("de"))
    word = docx.Document(io.BytesIO(papers._made(data, group, SIMULATED, ".docx", language("de"))))
    assert language("de").label(group.title) in word.core_properties.title
    assert {member.name for member in group.members} <= {
        cell.text.removesuffix(" (simuliert)") for cell in word.tables[0].columns[0].cells
    }
