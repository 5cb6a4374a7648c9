"""Types that tests put into the stack, and photos that they drop on a page."""

from base64 import b64encode
from collections.abc import Sequence

from playwright.sync_api import Locator, Page

from support.deployed import Api
from support.photos.photographs import photograph

_DROP = """([zone, files]) => {
    const dropped = new DataTransfer();
    for (const [name, data] of files)
        dropped.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
    zone.dispatchEvent(new DragEvent('drop', {dataTransfer: dropped, bubbles: true, cancelable: true}));
}"""


def put_type(api: Api, type_id: str, *, subject: int, photos: int) -> list[str]:
    """Put photos of a subject to a type, and wait until they are built; returns their keys."""
    keys = [api.upload(type_id, f"{shot}.png", photograph(subject, shot)) for shot in range(photos)]
    api.wait_until_built(type_id, photos)
    return keys


def find_type(page: Page, type_id: str) -> Locator:
    """The tile of a type, which is drawn once it is searched for."""
    page.get_by_label("Search").fill(type_id)
    return page.get_by_role("listitem").filter(has_text=type_id)


def drop(page: Page, files: Sequence[tuple[str, bytes]]) -> None:
    """Drop files, by name and bytes, where the page takes photos."""
    zone = page.locator(".drop").first
    zone.wait_for()
    encoded = [(name, b64encode(data).decode()) for name, data in files]
    zone.page.evaluate(_DROP, [zone.element_handle(), encoded])
