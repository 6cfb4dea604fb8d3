"""The page in a real browser: no request, no error, links, keyboard, narrow screens."""

import json
import shutil
from urllib.parse import unquote, urlsplit

import pytest

from suite.report.page import build
from tests.suite.report.test_page import CLAIM, REFERENCE

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "nano"
    shutil.copytree(REFERENCE, folder)
    verdicts = ("supported", "not supported", "supported")
    claims = [CLAIM | {"id": f"c{number}", "verdict": verdict} for number, verdict in enumerate(verdicts)]
    claims[2]["section"] = "Table 2"
    (folder / "claims.json").write_text(json.dumps(claims))
    return build(folder, "nano")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM)
        yield opened
        opened.close()


@pytest.fixture
def page(browser, path):
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.said, opened.requests = [], []
    opened.on("console", lambda message: opened.said.append(message.text))
    opened.on("pageerror", lambda error: opened.said.append(str(error)))
    opened.on("request", lambda request: opened.requests.append(request.url))
    opened.goto(path.as_uri())
    yield opened
    opened.close()


def shown(page):
    return page.locator(".ledger tbody tr:visible").count()


def test_it_asks_for_nothing_and_complains_of_nothing(page, path):
    assert page.said == []
    assert page.requests == [path.as_uri()]


def test_every_link_leads_somewhere(page, path):
    links = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    assert len(links) > 50
    for link in links:
        parts = urlsplit(link)
        if parts.path:
            assert (path.parent / unquote(parts.path)).exists(), link
        else:
            assert page.locator(f'[id="{parts.fragment}"]').count() == 1, link


def test_the_keyboard_filters_claims(page):
    assert shown(page) == 3
    page.locator("input[value='not supported']").focus()
    page.keyboard.press("Space")
    assert shown(page) == 1
    assert page.locator("#filter output").inner_text() == "1 of 3 claims"
    page.keyboard.press("Space")
    page.locator("select[name=section]").select_option("Table 2")
    assert shown(page) == 1


def test_tab_reaches_filters_and_links_and_shows_where_it_is(page):
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "() => { const e = document.activeElement, box = e.closest('.chip') || e;"
                " return [e.tagName, e.name || e.getAttribute('href'), getComputedStyle(box).outlineStyle] }"
            )
        )
    assert reached[0][1] == "#main"
    assert ["INPUT", "verdict"] in [words[:2] for words in reached]
    assert ["SELECT", "section"] in [words[:2] for words in reached]
    assert all(style != "none" for *_, style in reached)


@pytest.mark.parametrize("width", [360, 800, 900, 1130, 1280])
def test_no_screen_scrolls_sideways(browser, path, width):
    page = browser.new_page(viewport={"width": width, "height": 740})
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_without_script_every_claim_is_there(browser, path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator(".ledger tbody tr").count() == 3
    assert not page.locator("select[name=section]").is_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(browser, path, scheme):
    """WCAG AA: 4.5 to 1 for every colour that text has, on either ground."""
    page = browser.new_page(color_scheme=scheme)
    page.goto(path.as_uri())
    names = ["ink", "soft", "accent", "supported", "refuted", "open", "contradiction", "hardware", "invalid"]
    read = "name => getComputedStyle(document.documentElement).getPropertyValue(name).trim()"
    for ground in ("paper", "ground"):
        below = luminance(page.evaluate(read, f"--{ground}"))
        for name in names:
            bright, dark = sorted((luminance(page.evaluate(read, f"--{name}")), below), reverse=True)
            assert (bright + 0.05) / (dark + 0.05) >= 4.5, (name, ground)
    page.close()


def luminance(colour):
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
