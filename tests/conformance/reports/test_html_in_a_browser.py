"""The page in a real browser: it fits wide and narrow windows, is light and dark as asked, and runs no script."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed to show the page in")

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
# A window cannot be as narrow as a phone, a frame in it can. What a person would look for there: does it scroll
# sideways, what is cut off, which colours does it have.
FRAME = """<!doctype html><title></title><meta name="color-scheme" content="light dark">
<iframe style="border: 0; height: 900px; width: WIDTHpx" srcdoc="PAGE"></iframe>
<script>
onload = () => {
  const page = document.querySelector("iframe").contentDocument;
  page.querySelectorAll("details").forEach(each => { each.open = true; });
  const wide = page.documentElement.clientWidth;
  const cut = each => !each.closest(".scroll, pre.numbers") && each.getBoundingClientRect().right > wide + 1;
  document.title = JSON.stringify({
    wide,
    scroll: page.documentElement.scrollWidth,
    cut: [...page.querySelectorAll("main *, header *")].filter(cut).map(each => each.className),
    page: getComputedStyle(page.body).backgroundColor,
    ink: getComputedStyle(page.body).color,
    cells: new Set([...page.querySelectorAll("rect.cell")].map(each => getComputedStyle(each).fill)).size,
  });
};
</script>"""


def shown(html: str, folder: Path, *options: str) -> str:
    """Show a page in a window; return the title that it then has."""
    page = folder / "page.html"
    page.write_text(html, encoding="utf-8")
    command = [
        *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync", "--no-first-run", f"--user-data-dir={folder / 'profile'}"),
        *(*options, "--dump-dom", page.as_uri()),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    (title,) = re.findall(r"<title>(.*?)</title>", ran.stdout, flags=re.DOTALL)
    return str(title)


def measured(html: str, folder: Path, width: int, scheme: str) -> dict[str, Any]:
    frame = FRAME.replace("WIDTH", str(width)).replace("PAGE", escape(html))
    preferred = f"--blink-settings=preferredColorScheme={int(scheme == 'light')}"
    plain: dict[str, Any] = json.loads(shown(frame, folder, "--window-size=1300,1000", preferred))
    return plain


@pytest.mark.parametrize(
    ("width", "scheme", "page", "ink"),
    [
        (390, "light", "rgb(246, 247, 249)", "rgb(28, 33, 40)"),
        (1200, "dark", "rgb(15, 19, 24)", "rgb(230, 234, 239)"),
    ],
)
def test_the_page_fits_and_has_the_colours_that_are_preferred(
    width: int, scheme: str, page: str, ink: str, html: str, tmp_path: Path
) -> None:
    seen = measured(html, tmp_path, width, scheme)
    assert seen["wide"] in range(width - 20, width + 1)
    assert seen["scroll"] <= seen["wide"]
    assert seen["cut"] == []
    assert (seen["page"], seen["ink"]) == (page, ink)
    assert seen["cells"] >= 10


def test_a_script_would_not_run_if_one_got_in(html: str, tmp_path: Path) -> None:
    script = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"
    assert shown(html.replace("</body>", f"{script}</body>"), tmp_path) == "mine.py: does not conform – refcnn"
    assert shown(POLICY.sub("", html).replace("</body>", f"{script}</body>"), tmp_path) == "owned"
