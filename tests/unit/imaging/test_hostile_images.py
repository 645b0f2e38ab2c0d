"""Whatever is sent, the refusal is an ImageError that says what is wrong, and nothing else gets out."""

import struct
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from background_remover.domain.image_errors import (
    CorruptImageError,
    DecompressionBombError,
    EmptyImageError,
    ImageError,
    NotAnImageError,
    TooManyPixelsError,
    UnsupportedImageTypeError,
)
from imaging.photo import MAX_PIXELS, decode, inference_copy, inspect
from imaging.reading import open_image
from tests.unit.imaging.images import (
    PALETTE_PNG,
    PNG_SIGNATURE,
    file_of,
    gradient,
    padded_webp,
    photo_file,
    png_chunk,
    png_file,
    png_header,
    profile_bomb,
    srgb_profile,
    text_bomb,
)

every_reader = pytest.mark.parametrize("read", [inspect, inference_copy, decode])
every_decoder = pytest.mark.parametrize("read", [inference_copy, decode])
Reader = Callable[[bytes], object]


def webp_claiming(width: int, height: int) -> bytes:
    """An animation: its frames may be smaller than its canvas."""
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime")]
    webp = file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    canvas = webp.index(b"VP8X") + 12
    claim = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return webp[:canvas] + claim + webp[canvas + 6 :]


def gif_claiming(width: int, height: int) -> bytes:
    """Of its screen, and of its only frame, which may be larger."""
    gif = photo_file("GIF")
    size, frame = struct.pack("<HH", width, height), gif.index(b",\0\0\0\0") + 5
    return gif[:6] + size + gif[10:frame] + size + gif[frame + 4 :]


def gif_frame_claiming(width: int, height: int) -> bytes:
    return photo_file("GIF")[:10] + gif_claiming(width, height)[10:]


def heic_claiming(width: int, height: int) -> bytes:
    heic = photo_file("HEIF")
    size = heic.index(b"ispe") + 8
    return heic[:size] + struct.pack(">II", width, height) + heic[size + 8 :]


def cropped_heic(width: int, height: int) -> bytes:
    """Shows 60 x 44 of that, by its box `clap`, which x265 needs for sizes that are not divisible by eight."""
    heic = photo_file("HEIF", 60, 44)
    assert b"clap" in heic
    coded = heic.index(b"ispe") + 8
    return heic[:coded] + struct.pack(">II", width, height) + heic[coded + 8 :]


def heic_with_lengths(how: str, heic: bytes) -> bytes:
    start = heic.index(b"meta") - 4
    end = start + int.from_bytes(heic[start : start + 4])
    begin, meta, pixels = heic[:start], heic[start:end], heic[end:]
    pixels_at = struct.pack(">I", end + 8)
    assert meta.count(pixels_at) == 1
    if how == "none":
        return begin + pixels + bytes(4) + meta[4:].replace(pixels_at, struct.pack(">I", start + 8))
    if how == "long":
        longer = struct.pack(">I4sQ", 1, b"meta", len(meta) + 8) + meta[8:]
    else:
        longer = struct.pack(">I4sQ", 1, b"free", 16) + meta
    return begin + longer.replace(pixels_at, struct.pack(">I", end + 8 + len(longer) - len(meta))) + pixels


def avif_claiming(width: int, height: int) -> bytes:
    avif = photo_file("AVIF")
    size = avif.index(b"ispe") + 8
    return avif[:size] + struct.pack(">II", width, height) + avif[size + 8 :]


def jpeg_claiming(width: int, height: int) -> bytes:
    jpeg = photo_file("JPEG")
    size = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:size] + struct.pack(">HH", height, width) + jpeg[size + 4 :]


@every_reader
def test_no_bytes_are_an_empty_image(read: Reader) -> None:
    with pytest.raises(EmptyImageError):
        read(b"")


@every_reader
@pytest.mark.parametrize(
    "content",
    [
        *(
            b"Dear Sir or Madam,",
            b"%PDF-1.7",
            b"BM is short for",
            b"BM\x98\1\0\0\0\0\0\0 and more",
            b"\x89PN",
            b"\0" * 100,
        ),
        *(b"\0\0\1\0" + bytes(40), b"\0\0\1\0\1\0" + bytes(40), b"\0\0\2" + bytes(40), b"\0\0\1\xba" * 20),
    ],
)
def test_what_is_no_image_is_refused_whatever_it_is_called(read: Reader, content: bytes) -> None:
    with pytest.raises(NotAnImageError):
        read(content)


AVIS = "AVIF sequence"
TGAS = [(mode, way) for mode in ("RGB", "RGBA", "L", "LA", "P") for way in (None, "tga_rle")]


@pytest.mark.parametrize(
    ("content", "name"),
    [(file_of(Image.new("RGB", (8, 8)), kind), kind) for kind in ("BMP", "TIFF")]
    + [
        (file_of(Image.new("RGB", (8, 8)), "JPEG2000"), "JPEG 2000"),
        (file_of(Image.new("RGB", (16, 16)), "ICO"), "icon"),
        (file_of(Image.new("RGB", (256, 256)), "ICO", sizes=[(16, 16), (256, 256)], bitmap_format="bmp"), "icon"),
        (b"\0\0\2\0\1\0\x20\x20\0\0\7\0\7\0\xa8\x10\0\0\x16\0\0\0\x28\0\0\0", "icon"),  # a mouse pointer
        *((file_of(Image.new(mode, (300, 200)), "TGA", compression=way), "TGA") for mode, way in TGAS),
        (b"\0\0\0\x18ftyphevc\0\0\0\0msf1hevc", "HEIF"),
        (file_of(Image.new("RGB", (8, 8)), "AVIF", save_all=True, append_images=[Image.new("RGB", (8, 8))]), AVIS),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\xff\xd8\xff\xf7\0\x0b\x08", "JPEG-LS"),
        (b"8BPS\0\1", "Photoshop"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_image_of_another_type_is_named(content: bytes, name: str) -> None:
    with pytest.raises(UnsupportedImageTypeError, match=f"is {name};"):
        inspect(content)


# ---- broken off ----------------------------------------------------------------------------------


@every_decoder
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.995])
@pytest.mark.parametrize("size", [(64, 48), (2400, 1200)], ids=["small", "large"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_truncated_jpeg_is_corrupt(read: Reader, share: float, size: tuple[int, int], progressive: bool) -> None:
    content = file_of(Image.fromarray(gradient(*size)), "JPEG", progressive=progressive)
    with pytest.raises(CorruptImageError):
        read(content[: int(share * len(content))])


@every_decoder
@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "GIF", "HEIF", "AVIF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.995])
def test_a_truncated_file_is_corrupt(read: Reader, file_format: str, share: float) -> None:
    content = photo_file(file_format, 300, 200)
    with pytest.raises(CorruptImageError):
        read(content[: int(share * len(content))])


@every_decoder
@pytest.mark.parametrize("missing", [2, 3, 8])
def test_a_webp_that_lacks_more_than_the_byte_that_pads_it_is_corrupt(read: Reader, missing: int) -> None:
    with pytest.raises(CorruptImageError):
        read(padded_webp()[:-missing])


def test_a_png_without_its_end_marker_still_has_all_its_pixels() -> None:
    content = photo_file("PNG")
    assert (decode(content[:-12]).rgb == decode(content).rgb).all()


@every_reader
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF"])
def test_a_file_that_ends_in_its_header_is_corrupt(read: Reader, file_format: str) -> None:
    with pytest.raises(CorruptImageError):
        read(photo_file(file_format)[:18])


# ---- too much ------------------------------------------------------------------------------------


@every_reader
def test_51_megapixels_are_too_many(read: Reader) -> None:
    tiny_file = png_header(8500, 6000, 1, 0) + png_chunk(b"IDAT", b"")
    with pytest.raises(TooManyPixelsError, match=r"51\.0 megapixels; at most 50"):
        read(tiny_file)


@pytest.mark.parametrize(
    "claiming", [jpeg_claiming, webp_claiming, gif_claiming, gif_frame_claiming, heic_claiming, avif_claiming]
)
def test_the_limit_is_the_same_for_every_type(claiming: Callable[[int, int], bytes]) -> None:
    with pytest.raises(TooManyPixelsError):
        inspect(claiming(10_000, 5001))


def test_50_megapixels_are_taken() -> None:
    info = inspect(png_header(10_000, 5000, 1, 0) + png_chunk(b"IDAT", b""))
    assert info.width * info.height == MAX_PIXELS


@every_reader
@pytest.mark.parametrize(
    "content",
    [
        png_header(2**31 - 1, 2**31 - 1, 8, 6) + png_chunk(b"IDAT", b""),
        jpeg_claiming(65_000, 65_000),
        webp_claiming(16_384, 16_384),
        gif_claiming(65_000, 65_000),
        gif_frame_claiming(65_000, 65_000),
        heic_claiming(65_000, 65_000),
        avif_claiming(65_000, 65_000),
    ],
    ids=["png", "jpeg", "webp", "gif", "gif's frame", "heic", "avif"],
)
def test_an_absurd_number_of_pixels_is_a_bomb(read: Reader, content: bytes) -> None:
    with pytest.raises(DecompressionBombError):
        read(content)


@every_reader
@pytest.mark.parametrize("bomb", [text_bomb, profile_bomb])
def test_metadata_that_unpack_without_end_are_a_bomb(read: Reader, bomb: Callable[[], bytes]) -> None:
    with pytest.raises(DecompressionBombError):
        read(png_file((1, 1), 8, 0, b"\0", bomb()))


@every_decoder
def test_a_text_bomb_behind_the_pixels_is_a_bomb(read: Reader) -> None:
    with pytest.raises(DecompressionBombError):
        read(png_file((1, 1), 8, 0, b"\0", after=(text_bomb(),)))


@every_reader
def test_a_jpeg_of_thousands_of_scans_is_a_bomb(read: Reader) -> None:
    jpeg = photo_file("JPEG", 2000, 1500)
    scan = jpeg[jpeg.index(b"\xff\xda") : -2][:100]
    with pytest.raises(DecompressionBombError, match="scans"):
        read(jpeg[:-2] + scan * 1000 + jpeg[-2:])


@every_reader
def test_a_gif_of_endless_comments_is_a_bomb(read: Reader) -> None:
    gif = photo_file("GIF")
    frame = gif.index(b",\0\0\0\0")
    with pytest.raises(DecompressionBombError, match="comments"):
        read(gif[:frame] + b"!\xfe\2ab\0" * 60_000 + gif[frame:])


@every_decoder
@pytest.mark.parametrize("size", [(32, 16), (640, 480)])
def test_a_heic_whose_pixels_are_more_or_fewer_than_it_says_is_corrupt(read: Reader, size: tuple[int, int]) -> None:
    with pytest.raises(CorruptImageError):
        read(heic_claiming(*size))


@every_reader
def test_a_small_part_of_too_large_a_heic_is_too_much(read: Reader) -> None:
    with pytest.raises(TooManyPixelsError):
        read(cropped_heic(10_000, 5001))


@every_reader
@pytest.mark.parametrize("how", ["long before it", "long", "none"])
def test_the_size_of_a_heic_is_found_however_lengths_are_written(read: Reader, how: str) -> None:
    """A length of 1 says that one of 64 bits follows, and 0 that the box is the last."""
    with pytest.raises(TooManyPixelsError):
        read(heic_with_lengths(how, cropped_heic(10_000, 5001)))


@pytest.mark.parametrize("how", ["long before it", "long", "none"])
def test_a_sound_heic_is_read_however_lengths_are_written(how: str) -> None:
    info = inspect(heic_with_lengths(how, cropped_heic(64, 48)))
    assert (info.width, info.height) == (60, 44)


@every_reader
def test_a_heic_without_a_size_is_corrupt(read: Reader) -> None:
    with pytest.raises(CorruptImageError):
        read(photo_file("HEIF", 60, 44).replace(b"ispe", b"free"))


@pytest.mark.parametrize("rest", [b"\0\0\0\7free", struct.pack(">I4sQ", 1, b"free", 15), b"\0\0\0\1free"])
def test_what_follows_a_heic_does_not_matter(rest: bytes) -> None:
    assert inspect(photo_file("HEIF") + rest) == inspect(photo_file("HEIF"))


@every_reader
def test_a_heic_that_does_not_plainly_say_how_large_it_is_is_corrupt(read: Reader) -> None:
    """libheif may understand more ways of saying it than are counted here."""
    heic = photo_file("HEIF")
    start = heic.index(b"meta") - 4
    end = start + int.from_bytes(heic[start : start + 4])
    longer = (end - start + 12).to_bytes(4) + heic[start + 4 : end] + b"\0\0\0\x0cfreeispe"
    with pytest.raises(CorruptImageError, match="how large"):
        read(heic[:start] + longer + heic[end:])


def test_a_heics_own_thumbnail_is_not_taken_for_the_photo() -> None:
    heic = file_of(Image.new("RGB", (640, 480)), "HEIF", thumbnails=[320])
    assert b"thmb" in heic
    assert open_image(heic).draft("RGB", (320, 240)) is None


# ---- anything at all -----------------------------------------------------------------------------

SOUND_FILES = [
    *(photo_file(kind, orientation=6) for kind in ("JPEG", "PNG", "WEBP", "HEIF", "AVIF")),
    photo_file("GIF"),
    file_of(Image.fromarray(gradient()), "GIF", save_all=True, append_images=[Image.new("RGB", (64, 48))]),
    file_of(Image.fromarray(gradient()).convert("RGBA"), "HEIF", icc_profile=srgb_profile()),
    file_of(Image.fromarray(gradient()).convert("RGBA"), "AVIF", icc_profile=srgb_profile()),
    file_of(Image.fromarray(gradient()).convert("CMYK"), "JPEG", icc_profile=srgb_profile()),
    file_of(Image.fromarray(gradient()), "JPEG", progressive=True, icc_profile=srgb_profile()),
    file_of(Image.fromarray(gradient()), "WEBP", quality=50, icc_profile=srgb_profile()),
    file_of(Image.fromarray(gradient()), "PNG", save_all=True, append_images=[Image.new("RGB", (64, 48))]),
    png_file((2, 1), 16, 0, bytes(4), png_chunk(b"tRNS", b"\0\0")),
    PALETTE_PNG,
]


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
AVIF = b"\0\0\0\x18ftypavif\0\0\0\0avifmif1"
BEGINNINGS = [b"\xff\xd8\xff", PNG_SIGNATURE, b"RIFF\x40\0\0\0WEBPVP8 ", b"GIF89a", HEIC, AVIF, b""]


def try_to_read(content: bytes) -> None:
    for read in (inspect, inference_copy, decode):
        with suppress(ImageError):
            read(content)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(BEGINNINGS),
    st.binary(max_size=200),
)
def test_only_image_errors_escape_from_random_bytes(signature: bytes, rest: bytes) -> None:
    try_to_read(signature + rest)


@pytest.mark.large
@pytest.mark.filterwarnings("ignore")
@settings(max_examples=600, deadline=None)
@given(st.data())
def test_only_image_errors_escape_from_damaged_files(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(SOUND_FILES)))
    # The first kilobyte is where the headers are: damage there is what confuses a decoder.
    places = st.one_of(st.integers(0, min(len(content), 1000) - 1), st.integers(0, len(content) - 1))
    for place in data.draw(st.lists(places, min_size=1, max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    try_to_read(bytes(content[:end]))


@pytest.mark.parametrize("content", SOUND_FILES)
def test_the_files_that_are_damaged_above_are_sound(content: bytes) -> None:
    info = inspect(content)
    assert decode(content).rgb.shape == (info.height, info.width, 3)
    assert Image.open(BytesIO(inference_copy(content).content)).size == (info.width, info.height)
