"""`python -m tests.results`: the pictures of docs/img, made anew from a made-up export."""

import asyncio
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.results import browser, jobs

IMAGES = Path(__file__).parents[2] / "docs" / "img"


async def _take(planned: str, ran: str) -> dict[str, bytes]:
    async with browser.page() as page:
        taken = {}
        await page.open(planned, 1080)
        taken["report-desktop.png"] = await page.picture(1240)
        await page.open(planned, 1080, dark=True)
        taken["report-dark.png"] = await page.picture(1240)
        await page.open(planned, 360)
        taken["report-phone.png"] = await page.picture(1400)
        await page.open(ran, 1080)
        taken["report-run.png"] = await page.picture(1500)
        return taken


def main() -> None:
    """Make them."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        pages = [path.as_uri() for path in jobs.both(Path(folder), "60/s")]
        for name, picture in asyncio.run(_take(*pages)).items():
            (IMAGES / name).write_bytes(_small(picture))


def _small(picture: bytes) -> bytes:
    """With 128 colours, where ImageMagick is at hand: half the bytes."""
    convert = shutil.which("convert")
    if not convert:
        return picture
    command = (convert, "png:-", "+dither", "-colors", "128", "png8:-")
    return subprocess.run(command, input=picture, capture_output=True, check=True).stdout


if __name__ == "__main__":
    main()
