"""What a first view costs on a thin line: compressed octets, gated."""

import gzip
import re

from webmail.static_files import StaticFiles

KIB = 1024


def packed(files, path):
    found = files.find(path)
    return len(found.gzipped or found.raw)


def test_the_first_mail_view_stays_within_its_budget(reader):
    files = StaticFiles()
    page = reader.get("/mail/10").get_data(as_text=True)
    entry = re.search(r'src="(/static/main-[^"]+\.js)"', page)[1]
    scripts = {entry} | {
        f"/static/{name}" for name in re.findall(r'from"\./([^"]+\.js)"', files.find(entry).raw.decode())
    }
    html = len(gzip.compress(page.encode(), 5))
    script = sum(packed(files, path) for path in scripts)
    style = packed(files, files.url("main.css"))
    icons = packed(files, files.url("icons.svg")) + packed(files, files.url("seal.svg"))
    print(f"first view: html {html}, script {script}, style {style}, icons {icons}")
    assert html <= 20 * KIB
    assert script <= 45 * KIB
    assert style <= 16 * KIB
    assert icons <= 6 * KIB
    assert html + script + style + icons <= 90 * KIB


def test_the_composer_with_its_editor_stays_within_its_budget():
    files = StaticFiles()
    extra = [name for name in files.files if re.match(r"(compose|editor)-", name)]
    assert len(extra) == 2
    assert sum(packed(files, f"/static/{name}") for name in extra) <= 42 * KIB


def test_all_scripts_of_mail_together_stay_small():
    """Reading and writing; the screens of signing in have a script of their own, which mail never loads."""
    sizes = {name: len(one.raw) for name, one in StaticFiles().files.items() if name.endswith(".js")}
    own = sum(size for name, size in sizes.items() if name.startswith("security-"))
    assert sum(sizes.values()) - own <= 150_000
    assert own <= 4_000
