"""Any picture is a sheet or a clear message, within a limit of memory; what is made worse is so the same way."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.errors import BadParameter, Cancelled, DamagedFile, FileTooLarge, UnsupportedFile, UsageError
from pipelines.reading.degrade import Degradation, degraded
from pipelines.reading.pictures import fitted, open_picture, sheet_of
from pipelines.settings import Settings
from tests import bad_files
from tests.reading_means import SAMPLES, encoded, means_for, picture


@pytest.fixture(scope="module")
def means():
    with means_for() as found:
        yield found


def opened(means, data: bytes, **how):
    return open_picture(data, "a.png", means, **how)


def pixels(sheet) -> Image.Image:
    image = Image.open(io.BytesIO(sheet.png))
    image.load()
    assert image.format == "PNG"
    assert image.size == (sheet.width, sheet.height)
    return image


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header promises a size, with the first rows of its pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * (3 * min(width, 9) + 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


# opening -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "JPEG2000", "PPM"])
def test_every_kind_of_picture_opens(means, kind):
    sheet = opened(means, encoded(picture("Hello"), kind))
    assert (sheet.width, sheet.height, sheet.notes) == (400, 120, ())
    assert pixels(sheet).convert("L").getextrema()[0] < 60


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I"])
def test_every_mode_becomes_grey_or_rgb(means, mode):
    drawn = picture("Hello", mode="L")
    deep = {"I;16": lambda: drawn.convert("I").point(lambda value: value * 257).convert("I;16"),
            "I": lambda: drawn.convert("I").point(lambda value: value * 257)}  # fmt: skip
    kind = "TIFF" if mode == "I" else "PNG"
    sheet = opened(means, encoded(deep.get(mode, lambda: drawn.convert(mode))(), kind))
    made = pixels(sheet)
    assert made.mode in ("L", "RGB")
    low, high = made.convert("L").getextrema()
    assert low < 60
    assert high > 250


def test_cmyk_is_made_rgb_and_said(means):
    sheet = opened(means, encoded(picture("Hello", mode="CMYK"), "JPEG"))
    assert pixels(sheet).getpixel((5, 5)) == (255, 255, 255)
    assert "CMYK" in sheet.notes[0]


def test_numbers_with_a_point_are_spread_over_the_greys(means):
    sheet = opened(means, encoded(picture("Hello", mode="F"), "TIFF"))
    assert pixels(sheet).getextrema() == (0, 255)


def test_transparency_is_put_on_white(means):
    clear = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    sheet = opened(means, encoded(clear))
    assert pixels(sheet).getpixel((3, 3)) == (255, 255, 255)
    assert sheet.notes == ("What is transparent was put on white.",)


def test_the_first_of_several_pictures_is_taken_and_another_on_demand(means):
    frames = [Image.new("L", (20, 10 + n), 255 - 60 * n) for n in range(3)]
    data = encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    first = opened(means, data)
    assert (first.height, first.notes) == (10, ("The file holds 3 pictures; this is number 1.",))
    third = opened(means, data, page=3)
    assert (third.height, pixels(third).getpixel((0, 0))) == (12, 135)
    with pytest.raises(UsageError, match=r"a\.png has no picture 4\. Its pictures: 1 to 3"):
        opened(means, data, page=4)


def test_an_animation_gives_its_first_picture(means):
    frames = [Image.new("L", (20, 10), 90 * n) for n in range(3)]
    sheet = opened(means, encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50))
    assert "number 1" in sheet.notes[0]


def test_a_turned_photo_is_put_upright(means):
    exif = Image.Exif()
    exif[0x0112] = 6
    sheet = opened(means, encoded(picture("Hello"), "JPEG", exif=exif))
    assert (sheet.width, sheet.height) == (120, 400)
    assert "EXIF" in sheet.notes[0]


def test_dots_an_inch_are_kept_where_they_can_be_believed(means):
    assert opened(means, encoded(picture(), dpi=(300, 300))).dpi == pytest.approx(300, abs=1)
    assert opened(means, encoded(picture(), dpi=(72, 72))).dpi is None
    assert opened(means, encoded(picture())).dpi is None


def test_a_fax_is_stretched_to_square_pixels(means):
    sheet = opened(means, encoded(picture(mode="1"), "TIFF", dpi=(204, 98)))
    assert (sheet.width, sheet.height, round(sheet.dpi or 0)) == (400, 250, 204)
    assert "not square" in sheet.notes[0]


def test_a_large_jpeg_is_opened_at_a_fraction_of_its_size(means):
    sheet = opened(means, encoded(Image.new("L", (9000, 6000), 255), "JPEG", dpi=(600, 600)))
    assert sheet.width * sheet.height <= 30_000_000
    assert sheet.dpi == pytest.approx(600 * sheet.width / 9000, abs=1)
    assert "9,000 × 6,000" in sheet.notes[0]


def test_a_picture_too_large_for_memory_is_refused_before_it_is_unpacked(means):
    with pytest.raises(FileTooLarge, match=r"a\.png has 35,000 × 35,000 pixels.*Save it smaller"):
        opened(means, png_of_size(35_000, 35_000))


def test_a_progressive_jpeg_of_that_size_is_refused_too(means):
    data = bytearray(encoded(Image.new("L", (64, 64)), "JPEG", progressive=True))
    at = data.index(b"\xff\xc2") + 5
    data[at : at + 4] = struct.pack(">HH", 35_000, 35_000)
    with pytest.raises(FileTooLarge, match="35,000"):
        opened(means, bytes(data))


@pytest.mark.parametrize(
    ("data", "kind", "says"),
    [
        (b"", DamagedFile, "is empty"),
        (b"just words", UnsupportedFile, "not a picture.*Save it as PNG"),
        (b"%PDF-1.7 ...", UnsupportedFile, "is a PDF, not a picture"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", UnsupportedFile, "HEIC.*JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", UnsupportedFile, "not a picture"),
        (encoded(picture("Hello"))[:-300], DamagedFile, "cut off or damaged"),
        (encoded(picture("Hello"), "JPEG")[:900], DamagedFile, "cut off or damaged"),
        (png_of_size(0, 0), (DamagedFile, UnsupportedFile), r"a\.png"),
        (png_of_size(0, 50), (DamagedFile, UnsupportedFile), r"a\.png"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 500, (DamagedFile, UnsupportedFile), r"a\.png"),
        (b"GIF89a" + b"\xff" * 300, (DamagedFile, UnsupportedFile, FileTooLarge), r"a\.png"),
        (b"P6\n99999999 99999999\n255\n", FileTooLarge, "99,999,999"),
    ],
)
def test_what_is_no_whole_picture_is_said(means, data, kind, says):
    with pytest.raises(kind, match=says):
        opened(means, data)


@given(st.binary(max_size=60), st.integers(0, 800))
@settings(max_examples=25, deadline=None)
def test_a_picture_with_odd_bytes_inside_is_a_sheet_or_a_message(means, noise, at):
    data = bytearray(encoded(picture("Hello")))
    data[at : at + len(noise)] = noise
    with suppress(DamagedFile, UnsupportedFile, FileTooLarge):
        pixels(opened(means, bytes(data)))


def test_a_file_is_named_by_its_name_and_a_missing_one_is_said(means, tmp_path):
    path = tmp_path / "scan.png"
    path.write_bytes(encoded(picture("Hello")))
    assert open_picture(path, None, means).name == "scan.png"
    with pytest.raises(DamagedFile, match=r"gone\.png cannot be read"):
        open_picture(tmp_path / "gone.png", None, means)


def test_too_many_bytes_are_refused_before_they_are_read(means, tmp_path):
    small = replace(means, settings=Settings(max_file_mb=1))
    path = tmp_path / "a.png"
    with path.open("wb") as file:
        file.truncate(1_500_000)
    with pytest.raises(FileTooLarge, match=r"a\.png has 2 MB; the limit is 1 MB"):
        open_picture(path, None, small)
    with pytest.raises(FileTooLarge, match="MAX_FILE_MB"):
        open_picture(bytes(1_500_000), "a.png", small)


def test_a_tiny_picture_stays_as_it_is(means):
    assert opened(means, encoded(Image.new("1", (1, 1)))).width == 1


# pages -------------------------------------------------------------------------------------------------


def test_a_page_is_drawn_at_its_dpi(means):
    path = SAMPLES / "harbour-energy-report.pdf"
    sheet = sheet_of(path, 3, 100, None, means)
    assert (sheet.width, sheet.height, sheet.dpi) == (827, 1170, 100)
    assert (sheet.source, sheet.page, sheet.name) == (path, 3, "harbour-energy-report.pdf")
    with pytest.raises(UsageError, match="has no page 99"):
        sheet_of(path, 99, 100, None, means)


def test_a_page_of_a_locked_file(means, tmp_path):
    path = tmp_path / "locked.pdf"
    path.write_bytes(bad_files.encrypted("secret", algorithm="AES-128"))
    assert sheet_of(path, 1, 72, "secret", means).password == "secret"


def test_a_page_too_large_for_its_dpi_is_drawn_smaller_and_said(means):
    sheet = sheet_of(SAMPLES / "two-column-paper.pdf", 1, 900, None, means)
    assert sheet.width * sheet.height < 30_100_000
    assert "instead of 900" in sheet.notes[0]


def test_a_picture_is_fitted_only_if_it_is_too_long(means):
    sheet = opened(means, encoded(picture("Hello"), dpi=(200, 200)))
    assert fitted(sheet, 400, means) is sheet
    small = fitted(sheet, 200, means)
    assert (small.width, small.height, round(small.dpi or 0)) == (200, 60, 100)
    assert pixels(small).size == (200, 60)


# made worse --------------------------------------------------------------------------------------------


def test_a_degradation_is_written_as_it_is_read():
    assert Degradation.parse("dpi=100, blur=1") == Degradation(dpi=100, blur=1)
    assert Degradation.parse("none") == Degradation.parse("") == Degradation()
    assert str(Degradation()) == "none"


@given(
    st.builds(
        Degradation,
        dpi=st.none() | st.integers(20, 600),
        blur=st.integers(0, 80).map(lambda n: n / 4),
        rotation=st.integers(-360, 360).map(lambda n: n / 2),
        jpeg=st.none() | st.integers(1, 95),
        noise=st.integers(0, 128),
        seed=st.integers(0, 9),
    )
)
def test_what_is_written_is_read_again(degradation):
    assert Degradation.parse(str(degradation)) == degradation


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fog=1", "'fog=1' is no degradation.*rotation, dpi, blur"),
        ("blur", "'blur' is no degradation"),
        ("dpi=5", "dpi=5 is not possible.*20 to 600"),
        ("jpeg=abc", "jpeg=abc"),
        ("blur=nan", "blur=nan"),
    ],
)
def test_a_word_that_is_wrong_is_named(text, says):
    with pytest.raises(BadParameter, match=says):
        Degradation.parse(text)


def test_what_does_nothing_leaves_the_sheet_untouched(means):
    sheet = opened(means, encoded(picture("Hello"), dpi=(200, 200)))
    assert degraded(sheet, Degradation(seed=3), means) is sheet
    assert degraded(sheet, Degradation(dpi=300), means) is sheet


@pytest.mark.parametrize(
    "text", ["blur=2", "noise=20", "rotation=3", "jpeg=5", "contrast=0.4", "blur=1,noise=9,rotation=-2,jpeg=30"]
)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_same_degradation_gives_the_same_bytes(means, text, mode):
    sheet = opened(means, encoded(picture("Hello", mode=mode)))
    once, again = (degraded(sheet, Degradation.parse(text), means) for _ in range(2))
    assert once == again
    assert once.png != sheet.png
    assert pixels(once).mode == mode


def test_another_seed_is_another_noise(means):
    sheet = opened(means, encoded(picture("Hello")))
    assert degraded(sheet, Degradation(noise=20), means) != degraded(sheet, Degradation(noise=20, seed=1), means)


def test_fewer_dots_an_inch_make_the_picture_smaller(means):
    known = opened(means, encoded(picture("Hello"), dpi=(400, 400)))
    assert degraded(known, Degradation(dpi=100), means).width == 100
    unknown = opened(means, encoded(picture("Hello")))
    half = degraded(unknown, Degradation(dpi=100), means)
    assert (half.width, half.height, half.dpi) == (200, 60, 100)


def test_a_quarter_turn_swaps_the_sides_and_white_comes_into_the_corners(means):
    sheet = opened(means, encoded(picture("Hello")))
    assert degraded(sheet, Degradation(rotation=90), means).width == 120
    assert pixels(degraded(sheet, Degradation(rotation=20), means)).getpixel((0, 0)) == (255, 255, 255)


def test_stop_ends_the_work(means):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        open_picture(encoded(picture("Hello")), "a.png", means, cancel=stop)


def test_a_picture_that_is_given_up_leaves_the_drawing_of_pdfs_alone(means):
    handbook = SAMPLES / "lanternfish-handbook.pdf"
    drawn = sheet_of(handbook, 1, 72, None, means)
    process = means.worker.pdf._running.process
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        open_picture(drawn.png, "a.png", means, cancel=stop)
    sheet_of(handbook, 2, 72, None, means)
    assert means.worker.pdf._running.process is process
