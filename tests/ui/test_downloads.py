"""Files that are made on a click are still there when the browser comes for them, however many others are working."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from matchmaker.ui import downloads


@pytest.mark.parametrize("content", ["Größe", b"PK"])
def test_a_file_stays_while_others_go_on_and_goes_when_its_user_does(content, monkeypatch: pytest.MonkeyPatch):
    manager = MediaFileManager(MemoryMediaFileStorage("/media"))
    monkeypatch.setattr(runtime, "get_instance", lambda: SimpleNamespace(media_file_mgr=manager))
    monkeypatch.setattr(downloads, "get_script_run_ctx", lambda: SimpleNamespace(session_id="anna"))
    make = downloads.kept(lambda: content, "a.csv", "text/csv")
    url = manager.execute_deferred(manager.add_deferred(make, "text/csv", "place of the button", "a.csv"))

    def there() -> bool:
        return manager.read_file(url.rpartition("/")[2].partition(".")[0]) is not None

    for _run_of_another in range(3):
        manager.remove_orphaned_files()
    assert there()
    manager.clear_session_refs("anna")
    for _run_of_another in range(3):
        manager.remove_orphaned_files()
    assert not there()
