"""Makes the picture files that the tests read, and a table of what they must give.

    python bench/python/pictures.py src/test/resources/dev/residual/picture

Needs Pillow and numpy. Nearly all show the same drawing of 32×32 pixels; Pillow's reading of each, turned by its EXIF and laid
over white, goes into `expected.txt` as 4×4 colours (at 4, 12, 20 and 28) with a tolerance. What is refused there has its
reason. Where we read otherwise than Pillow, `OURS` says so and why.
"""

import io
import struct
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

warnings.simplefilter("ignore")
Y, X = np.mgrid[0:32, 0:32]
DRAWING = np.stack([8 * X, 8 * Y, 255 - 4 * (X + Y)], -1).astype(np.uint8)
DRAWING[:8, :8] = 255
DRAWING[24:, :8] = 200, 30, 60
GREY = (5 * X + 3 * Y).astype(np.uint8)
ALPHA = np.clip(9 * X - 12, 0, 255).astype(np.uint8)
RGBA = np.dstack([DRAWING, ALPHA])
PALETTE = np.array([[i * 37 % 256, (i * 91 + 20) % 256, 255 - i] for i in range(256)], np.uint8)
WHITE = np.full((8, 8, 3), 255, np.uint8)


def picture(array):
    return Image.fromarray(np.ascontiguousarray(array))


def saved(image, kind, **options):
    out = io.BytesIO()
    (image if isinstance(image, Image.Image) else picture(image)).save(out, kind, **options)
    return out.getvalue()


def wide(array):
    """35 columns: no multiple of 2, 4 or 8."""
    return np.hstack([array, array])[:, :35]


def exif(orientation, order="<", long=False, prefix=b"", before=b"", kind=None):
    """A TIFF directory with an orientation, as SHORT or LONG."""
    value = struct.pack(order + ("I" if long else "HH"), *([orientation] if long else [orientation, 0]))
    entry = struct.pack(order + "HHI", 0x112, kind or (4 if long else 3), 1) + value
    count = struct.pack(order + "H", 1 + len(before) // 12)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    return prefix + head + count + before + entry + bytes(4)


def profile():
    """The smallest ICC profile that swaps red and blue."""
    fixed = lambda *values: b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(v * 65536)) for v in values)
    text = b"desc" + bytes(4) + struct.pack(">I", 2) + b"x\0" + bytes(78 + 1)
    tags = {
        b"desc": text,
        b"cprt": b"text" + bytes(4) + b"x\0\0\0",
        b"wtpt": fixed(0.9642, 1, 0.8249),
        b"rXYZ": fixed(0.1431, 0.0606, 0.7139),
        b"gXYZ": fixed(0.3851, 0.7169, 0.0971),
        b"bXYZ": fixed(0.4360, 0.2225, 0.0139),
        b"rTRC": b"curv" + bytes(4) + struct.pack(">IHH", 1, 563, 0),
    }
    tags[b"gTRC"] = tags[b"bTRC"] = tags[b"rTRC"]
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    rest = struct.pack(">I", len(tags)) + table + body
    head = struct.pack(">I4sI4s4s4s", 128 + len(rest), bytes(4), 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s", 2020, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    return head + struct.pack(">3i", 63190, 65536, 54061) + bytes(128 - len(head) - 12) + rest


# ---------------------------------------------------------------- JPEG


def segments(jpeg):
    """Up to the first scan's header: (marker, content); and what follows."""
    at, found = 2, []
    while True:
        length = struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        found.append((jpeg[at + 1], jpeg[at + 4 : at + 2 + length]))
        at += 2 + length
        if found[-1][0] == 0xDA:
            return found, jpeg[at:]


def segment(marker, content):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg_of(found, rest):
    return b"\xff\xd8" + b"".join(segment(*s) for s in found) + rest


def without(jpeg, *markers):
    found, rest = segments(jpeg)
    return jpeg_of([s for s in found if s[0] not in markers], rest)


def with_segment(jpeg, place, marker, content):
    found, rest = segments(jpeg)
    found.insert(place, (marker, content))
    return jpeg_of(found, rest)


def changed(jpeg, change):
    found, rest = segments(jpeg)
    return jpeg_of([change(m, c) for m, c in found], rest)


def adobe(transform):
    return b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform)


def with_ids(jpeg, ids):
    def change(marker, content):
        content = bytearray(content)
        if marker == 0xC0:
            content[6::3] = ids
        elif marker == 0xDA:
            content[1 : 1 + 2 * len(ids) : 2] = ids
        return marker, bytes(content)

    return changed(jpeg, change)


def scan_by_scan(sizes, sampling):
    """One channel in each scan, of any size, with any sampling factors."""
    channels = picture(DRAWING).convert("YCbCr").split()
    out = b""
    for i, size in enumerate(sizes):
        found, rest = segments(saved(channels[i].resize(size, Image.BOX), "JPEG", quality=95))
        if i == 0:
            frame = struct.pack(">BHHB", 8, 32, 32, 3) + b"".join(bytes([j + 1, s, 0]) for j, s in enumerate(sampling))
            out = jpeg_of([(m, frame if m == 0xC0 else c) for m, c in found[:-1]], b"")
        out += segment(0xDA, bytes([1, i + 1, 0, 0, 63, 0])) + rest[:-2]
    return out + b"\xff\xd9"


def jpegs():
    options = {"quality": 95, "subsampling": 0}
    plain = saved(DRAWING, "JPEG", **options)
    yield "444", plain
    yield "422", saved(DRAWING, "JPEG", quality=95, subsampling=1)
    yield "420", saved(DRAWING, "JPEG", quality=95, subsampling=2)
    yield "420-35-wide", saved(wide(DRAWING), "JPEG", quality=95, subsampling=2)
    yield "440", scan_by_scan([(32, 32), (32, 16), (32, 16)], (0x12, 0x11, 0x11))
    yield "411", scan_by_scan([(32, 32), (8, 32), (8, 32)], (0x41, 0x11, 0x11))
    yield "410", scan_by_scan([(32, 32), (8, 8), (8, 8)], (0x44, 0x11, 0x11))
    yield "luma-halved", scan_by_scan([(16, 16), (32, 32), (32, 32)], (0x11, 0x22, 0x22))
    yield "two-samplings", scan_by_scan([(32, 32), (16, 32), (32, 16)], (0x22, 0x12, 0x21))
    yield "3-to-1", scan_by_scan([(32, 32), (11, 32), (11, 32)], (0x31, 0x11, 0x11))
    yield "3-to-2", scan_by_scan([(32, 32), (22, 32), (22, 32)], (0x31, 0x21, 0x21))
    yield "three-scans", scan_by_scan([(32, 32)] * 3, (0x11, 0x11, 0x11))
    yield "progressive-420", saved(DRAWING, "JPEG", quality=95, subsampling=2, progressive=True)
    yield "progressive-grey", saved(GREY, "JPEG", quality=95, progressive=True)
    yield "grey", saved(GREY, "JPEG", quality=95)
    yield "restart", saved(DRAWING, "JPEG", restart_marker_blocks=1, **options)
    yield "1x1", saved(picture(DRAWING).crop((4, 4, 5, 5)), "JPEG", **options)

    extended = lambda m: 0xC1 if m == 0xC0 else m
    wider = lambda c: bytes([0x10 | c[0]]) + b"".join(bytes([0, v]) for v in c[1:])
    yield "extended-sequential", changed(plain, lambda m, c: (extended(m), c))
    yield "16-bit-tables", changed(plain, lambda m, c: (extended(m), wider(c) if m == 0xDB else c))
    yield "12-bit", changed(plain, lambda m, c: (0xC1, b"\x0c" + c[1:]) if m == 0xC0 else (m, c))
    yield "lossless", changed(plain, lambda m, c: (0xC3 if m == 0xC0 else m, c))
    yield "height-later", changed(plain, lambda m, c: (m, c[:1] + b"\0\0" + c[3:] if m == 0xC0 else c))

    # Which colours: JFIF's mark, Adobe's, and the channels' names decide, in this order.
    bare, rgb = without(plain, 0xE0), without(saved(DRAWING, "JPEG", keep_rgb=True, quality=95), 0xE0)
    yield "no-marker", bare
    yield "adobe-luma", with_segment(bare, 0, 0xEE, adobe(1))
    yield "adobe-cmyk-of-three", with_segment(bare, 0, 0xEE, adobe(2))
    yield "adobe-rgb", rgb
    yield "adobe-rgb-but-jfif", with_segment(plain, 1, 0xEE, adobe(0))
    yield "named-rgb", with_ids(without(rgb, 0xEE), b"RGB")
    yield "named-0-1-2", with_ids(bare, b"\0\1\2")
    yield "named-otherwise", with_ids(bare, b"\x07\x22\x23")
    cmyk = Image.fromarray(np.dstack([255 - DRAWING, (4 * X).astype(np.uint8)]), "CMYK")
    inks = saved(cmyk, "JPEG", quality=95)
    yield "cmyk", inks
    yield "cmyk-progressive", saved(cmyk, "JPEG", quality=95, progressive=True)
    yield "cmyk-no-marker", without(inks, 0xEE)
    luma = np.asarray(picture(255 - DRAWING).convert("YCbCr"))
    ycck = saved(Image.fromarray(np.dstack([255 - luma, (4 * X).astype(np.uint8)]), "CMYK"), "JPEG", quality=95)
    yield "ycck", changed(ycck, lambda m, c: (m, adobe(2) if m == 0xEE else c))
    icc = profile()
    yield "profile", saved(DRAWING, "JPEG", icc_profile=icc, **options)
    yield "profile-on-grey", saved(GREY, "JPEG", icc_profile=icc, quality=95)
    yield "profile-on-cmyk", saved(cmyk, "JPEG", icc_profile=icc, quality=95)
    yield "profile-broken", saved(DRAWING, "JPEG", icc_profile=b"nonsense", **options)

    turned = lambda *a, **k: with_segment(plain, 1, 0xE1, exif(*a, prefix=b"Exif\0\0", **k))
    for orientation in range(1, 9):
        yield f"exif-{orientation}", turned(orientation, "<>"[orientation % 2])
    yield "exif-6-long-little", turned(6, "<", long=True)
    yield "exif-6-long-big", turned(6, ">", long=True)
    yield "exif-0", turned(0)
    yield "exif-9", turned(9)
    yield "exif-second-entry", turned(8, before=struct.pack("<HHI4s", 0x10F, 2, 4, b"abc\0"))
    yield "exif-no-jfif", with_segment(bare, 0, 0xE1, exif(6, prefix=b"Exif\0\0"))
    yield "exif-behind-xmp", with_segment(turned(6), 1, 0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>")
    yield "exif-with-thumbnail", with_segment(plain, 1, 0xE1, exif(3, prefix=b"Exif\0\0") + plain)

    yield "comment-with-markers", with_segment(plain, 1, 0xFE, b"\xff\xd9\xff\xda\xff\xd8")
    found, rest = segments(plain)
    join = lambda f: b"\xff\xd8" + b"".join(f(m, c) for m, c in found) + rest
    yield "filled", join(lambda m, c: b"\xff\xff\xff" + segment(m, c))
    yield "stray-bytes", join(lambda m, c: segment(m, c) + (b"\1\2\3" if m == 0xC0 else b""))
    yield "padded-scan", plain[:-2] + bytes(6) + plain[-2:]
    yield "something-behind", plain + saved(WHITE, "JPEG")
    yield "no-end", plain[:-2]
    yield "cut", plain[: len(plain) * 2 // 3]
    yield "cut-but-ended", plain[: len(plain) * 2 // 3] + plain[-2:]


# ---------------------------------------------------------------- PNG

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(name, content, spoilt=False):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content) ^ spoilt)


def packed(array, bits):
    """Rows of samples, the first in the highest bits."""
    rows = array.reshape(len(array), -1).astype(np.uint32)
    planes = (rows[:, :, None] >> np.arange(bits)[::-1] & 1).reshape(len(rows), -1).astype(np.uint8)
    return [row.tobytes() for row in np.packbits(planes, 1)]


def header(array, bits, kind, interlaced=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", array.shape[1], array.shape[0], bits, kind, 0, 0, interlaced))


def png(array, bits, kind, before=b"", behind=b"", interlaced=False):
    parts = [array[y::v, x::h] for x, y, h, v in PASSES] if interlaced else [array]
    data = b"".join(b"\0" + row for part in parts if part.size for row in packed(part, bits))
    start = SIGNATURE + header(array, bits, kind, interlaced) + before
    return start + chunk(b"IDAT", zlib.compress(data, 9)) + behind + chunk(b"IEND", b"")


def filtered(array):
    """Each row by another of the five filters."""
    rows, step, out = array.reshape(len(array), -1).astype(int), array.shape[2], b""
    for y, row in enumerate(rows):
        up = rows[y - 1] if y else 0 * row
        left, up_left = (np.concatenate([np.zeros(step, int), r[:-step]]) for r in (row, up))
        p = left + up - up_left
        a, b, c = abs(p - left), abs(p - up), abs(p - up_left)
        paeth = np.where((a <= b) & (a <= c), left, np.where(b <= c, up, up_left))
        expected = [0, left, up, (left + up) // 2, paeth][y % 5]
        out += bytes([y % 5]) + ((row - expected) % 256).astype(np.uint8).tobytes()
    return out


def pngs():
    for bits in (1, 2, 4, 8):
        grey = (GREY >> (8 - bits))[:, :, None]
        colours = PALETTE[: 1 << bits].tobytes()
        some = bytes(50 * i % 256 for i in range(max(1, 1 << bits - 1)))
        yield f"grey-{bits}", png(grey, bits, 0)
        yield f"grey-{bits}-one-transparent", png(grey, bits, 0, chunk(b"tRNS", struct.pack(">H", grey[12, 20, 0])))
        yield f"palette-{bits}", png(grey, bits, 3, chunk(b"PLTE", colours))
        yield f"palette-{bits}-alpha", png(grey, bits, 3, chunk(b"PLTE", colours) + chunk(b"tRNS", some))
        yield f"palette-{bits}-interlaced", png(wide(grey), bits, 3, chunk(b"PLTE", colours), interlaced=True)
    deep, deep_grey = DRAWING.astype(int) * 257, GREY[:, :, None].astype(int) * 257
    key = chunk(b"tRNS", struct.pack(">3H", *deep[28, 4]))
    yield "grey-16", png(deep_grey, 16, 0)
    yield "grey-16-one-transparent", png(deep_grey, 16, 0, chunk(b"tRNS", struct.pack(">H", deep_grey[12, 20, 0])))
    yield "grey-alpha-8", png(np.dstack([GREY, ALPHA]), 8, 4)
    yield "grey-alpha-16", png(np.dstack([GREY, ALPHA]).astype(int) * 257, 16, 4)
    yield "rgb-8", png(DRAWING, 8, 2)
    yield "rgb-8-one-transparent", png(DRAWING, 8, 2, chunk(b"tRNS", struct.pack(">3H", 200, 30, 60)))
    yield "rgb-8-interlaced", png(DRAWING, 8, 2, interlaced=True)
    yield "rgb-8-35-wide", png(wide(DRAWING), 8, 2)
    yield "rgb-16", png(deep, 16, 2)
    yield "rgb-16-one-transparent", png(deep, 16, 2, key)
    yield "rgba-8", png(RGBA, 8, 6)
    yield "rgba-8-interlaced", png(RGBA, 8, 6, interlaced=True)
    yield "rgba-16", png(RGBA.astype(int) * 257, 16, 6)
    yield "rgb-with-palette", png(DRAWING, 8, 2, chunk(b"PLTE", PALETTE[:16].tobytes()))
    yield "palette-short", png(GREY[:, :, None], 8, 3, chunk(b"PLTE", PALETTE[:100].tobytes()))
    yield "palette-missing", png(GREY[:, :, None], 8, 3)
    yield "exif-3", png(DRAWING, 8, 2, chunk(b"eXIf", exif(3)))
    yield "exif-6-long", png(DRAWING, 8, 2, chunk(b"eXIf", exif(6, ">", long=True)))
    icc = chunk(b"iCCP", b"x\0\0" + zlib.compress(profile()))
    yield "profile", png(DRAWING, 8, 2, icc)
    yield "profile-on-palette", png(GREY[:, :, None], 8, 3, icc + chunk(b"PLTE", PALETTE.tobytes()))
    yield "gamma", png(DRAWING, 8, 2, chunk(b"gAMA", struct.pack(">I", 100000)))
    yield "gamma-on-grey", png(GREY[:, :, None], 8, 0, chunk(b"gAMA", struct.pack(">I", 100000)))
    green = picture(np.full((32, 32, 3), (0, 255, 0), np.uint8))
    yield "animated", saved(DRAWING, "PNG", save_all=True, append_images=[green])
    yield "animated-without-default", saved(DRAWING, "PNG", save_all=True, default_image=True, append_images=[green] * 2)
    start, end = SIGNATURE + header(DRAWING, 8, 2), chunk(b"IEND", b"")
    data = zlib.compress(filtered(DRAWING), 9)
    yield "filters", start + chunk(b"IDAT", data) + end
    pieces = b"".join(chunk(b"IDAT", data[i : i + 60]) for i in range(0, len(data), 60))
    yield "pieces", start + chunk(b"IDAT", b"") + pieces + chunk(b"IDAT", b"") + end
    yield "text-behind", start + chunk(b"IDAT", data) + chunk(b"tEXt", b"a\0b") + end
    yield "something-behind", start + chunk(b"IDAT", data) + end + b"hello"
    yield "checksum-of-text-wrong", start + chunk(b"tEXt", b"a\0b", spoilt=True) + chunk(b"IDAT", data) + end
    yield "checksum-of-data-wrong", start + chunk(b"IDAT", data, spoilt=True) + end
    yield "too-few-rows", start + chunk(b"IDAT", zlib.compress(filtered(DRAWING[:20]))) + end
    yield "no-end", start + chunk(b"IDAT", data)


# ---------------------------------------------------------------- GIF


def lzw(indices, size, clears=False, ended=True):
    """Codes from `size + 1` to 12 bits; a full table is cleared or kept."""
    clear, bits = 1 << size, []
    emit = lambda code: bits.extend(code >> i & 1 for i in range(width))
    fresh = lambda: ({(i,): i for i in range(clear)}, size + 1)
    table, width = fresh()
    emit(clear)
    known = ()
    for index in indices:
        longer = known + (int(index),)
        if longer in table:
            known = longer
            continue
        emit(table[known])
        if len(table) + 2 < 4096:
            table[longer] = len(table) + 2
            width += len(table) + 1 == 1 << width and width < 12
        elif clears:
            emit(clear)
            table, width = fresh()
        known = longer[-1:]
    emit(table[known])
    if ended:
        emit(clear + 1)
    return np.packbits(bits, bitorder="little").tobytes()


def blocks(content):
    pieces = [content[i : i + 255] for i in range(0, len(content), 255)]
    return b"".join(bytes([len(p)]) + p for p in pieces) + b"\0"


def frame(indices, size=8, at=(0, 0), colours=None, transparent=None, interlaced=False, data=None):
    out = b"" if transparent is None else b"!\xf9\4" + struct.pack("<BHBB", 1, 10, transparent, 0)
    flags = 0x40 * interlaced + (0 if colours is None else 0x7F + len(colours).bit_length() - 1)
    out += b"," + struct.pack("<HHHHB", *at, indices.shape[1], len(indices), flags)
    out += b"" if colours is None else colours.tobytes()
    rows = np.concatenate([indices[a::b] for a, b in ((0, 8), (4, 8), (2, 4), (1, 2))]) if interlaced else indices
    return out + bytes([size]) + blocks(data or lzw(rows.flatten(), size))


def gif(content, size=(32, 32), colours=PALETTE, background=0, version=b"89a", end=b";"):
    flags = 0 if colours is None else 0x7F + len(colours).bit_length() - 1
    head = b"GIF" + version + struct.pack("<HHBBB", *size, flags, background, 0)
    return head + (b"" if colours is None else colours.tobytes()) + content + end


def gifs():
    nibbles = GREY >> 4
    yield "palette", gif(frame(GREY))
    yield "87a", gif(frame(GREY), version=b"87a")
    yield "own-palette", gif(frame(GREY, colours=PALETTE), colours=PALETTE[::-1].copy())
    yield "only-own-palette", gif(frame(GREY, colours=PALETTE), colours=None)
    yield "no-palette", gif(frame(GREY), colours=None)
    yield "transparent", gif(frame(nibbles, 4, transparent=int(nibbles[12, 20])), colours=PALETTE[:16])
    yield "transparent-beyond-palette", gif(frame(nibbles, 4, transparent=200), colours=PALETTE[:16])
    yield "index-beyond-palette", gif(frame(nibbles, 4), colours=PALETTE[:8])
    yield "interlaced", gif(frame(GREY, interlaced=True))
    yield "35-wide", gif(frame(wide(GREY)), (35, 32))
    for bits in range(1, 8):
        yield f"{bits}-bit", gif(frame(GREY >> 8 - bits, max(2, bits)), colours=PALETTE[: 1 << bits])
    small = frame(GREY[:16, :16], at=(8, 8))
    yield "small-frame", gif(small)
    yield "small-frame-on-colour-5", gif(small, background=5)
    yield "small-frame-transparent", gif(frame(nibbles[:16, :16], 4, (8, 4), transparent=3), colours=PALETTE[:16])
    yield "frame-larger-than-screen", gif(frame(GREY), (16, 16))
    yield "screen-of-nothing", gif(frame(GREY), (0, 0))
    yield "animated", gif(frame(GREY) + small)
    noise = np.random.RandomState(1).randint(0, 256, (64, 64))
    yield "noise-table-cleared", gif(frame(noise, data=lzw(noise.flatten(), 8, clears=True)), (64, 64))
    yield "noise-table-stays-full", gif(frame(noise, data=lzw(noise.flatten(), 8)), (64, 64))
    yield "extensions", gif(b"!\xfe\5hello\0!\x42\3abc\0!\xff\x0bNETSCAPE2.0\3\1\0\0\0" + frame(GREY))
    yield "something-behind", gif(frame(GREY)) + b"hello"
    yield "no-end-code", gif(frame(GREY, data=lzw(GREY.flatten(), 8, ended=False)))
    yield "more-pixels", gif(frame(GREY, data=lzw(np.tile(GREY, (2, 1)).flatten(), 8)))
    yield "too-few-rows", gif(frame(GREY, data=lzw(GREY[:20].flatten(), 8)))
    yield "no-frame", gif(b"")
    yield "no-end", gif(frame(GREY), end=b"")


# ---------------------------------------------------------------- BMP


def bmp(array, bits, compression=0, data=None, masks=(), colours=b"", size=40, used=0, gap=b"", down=False, offset=None):
    height = -len(array) if down else len(array)
    if data is None:
        data = rows(array if down else array[::-1], bits)
    head = struct.pack("<IiiHHII", size, array.shape[1], height, 1, bits, compression, len(data))
    head += struct.pack("<iiII", 2835, 2835, used, 0) + struct.pack(f"<{len(masks)}I", *masks)
    head = head.ljust(size, b"\0") + colours + gap
    offset = 14 + len(head) if offset is None else offset
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(data), 0, 0, offset) + head + data


def core(array, bits, colours=b""):
    """OS/2's header."""
    data = rows(array[::-1], bits)
    head = struct.pack("<IHHHH", 12, array.shape[1], len(array), 1, bits) + colours
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(data), 0, 0, 14 + len(head)) + head + data


def rows(array, bits):
    if bits == 24:
        lines = [row[:, ::-1].tobytes() for row in array]
    elif bits in (16, 32):
        lines = [row.astype(f"<u{bits // 8}").tobytes() for row in array]
    else:
        lines = packed(array, bits)
    return b"".join(line + bytes(-len(line) % 4) for line in lines)


def runs(array, bits):
    """Run lengths, bottom up, with pixels that are told one by one where nothing repeats."""
    out = b""
    for row in array[::-1]:
        x = 0
        while x < len(row):
            n = 1
            while x + n < len(row) and row[x + n] == row[x]:
                n += 1
            literal = row[x : x + 6]
            if n < 3 and len(literal) == 6:
                told = b"".join(packed(literal[None], bits))
                out += bytes([0, 6]) + told + bytes(len(told) % 2)
                n = 6
            else:
                out += bytes([n, row[x] * (17 if bits == 4 else 1)])
            x += n
        out += b"\0\0"
    return out[:-2] + b"\0\1"


def bmps():
    four = lambda n: np.dstack([PALETTE[:n, ::-1][None], np.zeros((1, n, 1), np.uint8)]).tobytes()
    for bits in (1, 4, 8):
        indices = GREY >> 8 - bits
        yield f"{bits}-bit", bmp(wide(indices), bits, colours=four(1 << bits))
        yield f"{bits}-bit-top-down", bmp(indices, bits, colours=four(1 << bits), down=True)
    few = GREY // 13
    yield "8-bit-20-colours", bmp(few, 8, colours=four(20), used=20)
    yield "8-bit-gap-before-data", bmp(few, 8, colours=four(20), used=20, gap=b"gap!" * 5)
    yield "8-bit-index-beyond-palette", bmp(few, 8, colours=four(10), used=10)
    yield "1-bit-white-first", bmp(GREY >> 7, 1, colours=b"\xff\xff\xff\0\0\0\0\0")
    r, g, b, a = (RGBA[:, :, i].astype(np.int64) for i in range(4))
    five = (r >> 3) << 10 | (g >> 3) << 5 | b >> 3
    yield "16-bit", bmp(five, 16)
    yield "16-bit-565", bmp((r >> 3) << 11 | (g >> 2) << 5 | b >> 3, 16, 3, masks=(0xF800, 0x7E0, 0x1F))
    yield "16-bit-444", bmp((r >> 4) << 8 | (g >> 4) << 4 | b >> 4, 16, 3, masks=(0xF00, 0xF0, 0xF))
    yield "16-bit-1555", bmp(five | (X > 15) << 15, 16, 3, masks=(0x7C00, 0x3E0, 0x1F, 0x8000), size=108)
    yield "24-bit", bmp(wide(DRAWING), 24)
    yield "24-bit-top-down", bmp(DRAWING, 24, down=True)
    plain = bmp(DRAWING, 24)
    yield "24-bit-sizes-0", plain[:2] + bytes(4) + plain[6:34] + bytes(4) + plain[38:]
    yield "24-bit-with-palette", bmp(DRAWING, 24, colours=four(16), used=16)
    yield "24-bit-offset-0", bmp(DRAWING, 24, offset=0)
    yield "24-bit-something-behind", bmp(DRAWING, 24) + b"hello"
    argb, masks = a << 24 | r << 16 | g << 8 | b, (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    yield "32-bit", bmp(argb, 32)
    yield "32-bit-fields", bmp(r << 24 | g << 16 | b << 8 | a, 32, 3, masks=(0xFF000000, 0xFF0000, 0xFF00))
    yield "32-bit-10-each", bmp(r * 4 << 20 | g * 4 << 10 | b * 4, 32, 3, masks=(0x3FF << 20, 0x3FF << 10, 0x3FF))
    for version, size in ((3, 56), (4, 108), (5, 124)):
        yield f"32-bit-alpha-v{version}", bmp(argb, 32, 3, masks=masks, size=size)
    yield "32-bit-alpha-unused", bmp(argb, 32, 0, masks=masks, size=108)
    v5 = bytearray(bmp(DRAWING, 24, size=124) + profile())
    v5[70:74], v5[126:134] = b"DEBM", struct.pack("<II", 124 + 3072, len(profile()))
    yield "profile", bytes(v5)
    yield "os2-24-bit", core(DRAWING, 24)
    yield "os2-8-bit", core(GREY, 8, PALETTE[:, ::-1].tobytes())
    yield "os2-v2", bmp(DRAWING, 24, size=64)
    rle8 = runs(few, 8)
    yield "rle8", bmp(few, 8, 1, rle8, colours=four(256))
    yield "rle4", bmp(wide(GREY >> 4), 4, 2, runs(wide(GREY >> 4), 4), colours=four(16))
    skips = b"".join(bytes([10, 40, 0, 2, 5, 0, 10, 90, 0, 0]) for _ in range(32)) + b"\0\1"
    yield "rle8-skips", bmp(few, 8, 1, skips, colours=four(256))
    yield "rle8-no-end", bmp(few, 8, 1, rle8[:-2], colours=four(256))
    yield "rle8-cut", bmp(few, 8, 1, rle8[: len(rle8) // 2], colours=four(256))
    yield "2-bit", bmp(GREY >> 6, 2, colours=four(4))
    yield "jpeg-inside", bmp(DRAWING, 0, 4, saved(DRAWING, "JPEG"))
    yield "png-inside", bmp(DRAWING, 0, 5, saved(DRAWING, "PNG"))
    yield "cut-by-1", bmp(DRAWING, 24)[:-1]


# ---------------------------------------------------------------- WebP


def riff(*chunks):
    body = b"WEBP" + b"".join(n + struct.pack("<I", len(c)) + c + bytes(len(c) % 2) for n, c in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bitstream(image, **options):
    """The `VP8 ` or `VP8L` chunk."""
    file = saved(image, "WEBP", **options)
    return file[12:16], file[20 : 20 + struct.unpack("<I", file[16:20])[0]]


def three(value):
    return struct.pack("<I", value)[:3]


def canvas(width, height, flags):
    return b"VP8X", bytes([flags, 0, 0, 0]) + three(width - 1) + three(height - 1)


def animation_frame(at, size, *chunks):
    place = three(at[0] // 2) + three(at[1] // 2) + three(size[0] - 1) + three(size[1] - 1)
    return b"ANMF", place + three(100) + b"\0" + riff(*chunks)[12:]


def alpha_filtered(kind):
    a = ALPHA.astype(int)
    left, top = np.roll(a, 1, 1), np.roll(a, 1, 0)
    top_left = np.roll(left, 1, 0)
    expected = [0 * a, left, top, np.clip(left + top - top_left, 0, 255)][kind].copy()
    if kind:
        expected[0], expected[:, 0] = left[0], top[:, 0]
        expected[0, 0] = 0
    return ((a - expected) % 256).astype(np.uint8)


def webps():
    lossy, lossless = bitstream(DRAWING, quality=95), bitstream(DRAWING, lossless=True)
    yield "lossy", saved(DRAWING, "WEBP", quality=95)
    yield "lossy-35-wide", saved(wide(DRAWING), "WEBP", quality=95)
    yield "lossy-1x1", saved(picture(DRAWING).crop((4, 28, 5, 29)), "WEBP", quality=95)
    yield "lossy-alpha", saved(RGBA, "WEBP", quality=95)
    yield "lossy-alpha-coarse", saved(RGBA, "WEBP", quality=95, alpha_quality=40)
    for method, quality in ((0, 0), (4, 80), (6, 100)):
        yield f"lossless-method-{method}", saved(DRAWING, "WEBP", lossless=True, method=method, quality=quality)
    yield "lossless-alpha", saved(RGBA, "WEBP", lossless=True, exact=True)
    noise = np.random.RandomState(2).randint(0, 256, (32, 32, 3)).astype(np.uint8)
    yield "lossless-noise", saved(noise, "WEBP", lossless=True)
    for colours in (2, 3, 16, 200):
        few = PALETTE[wide(GREY).astype(int) * colours // 256]
        yield f"lossless-{colours}-colours", saved(few, "WEBP", lossless=True)
    opaque = bytearray(bitstream(RGBA, lossless=True, exact=True)[1])
    yield "lossless-alpha-not-announced", riff(canvas(32, 32, 0), (b"VP8L", bytes(opaque)))
    opaque[4] &= ~0x10
    yield "lossless-alpha-bit-unset", riff((b"VP8L", bytes(opaque)))
    for kind in range(4):
        green = np.dstack([0 * ALPHA, alpha_filtered(kind), 0 * ALPHA])
        packed_alpha = bitstream(green, lossless=True)[1][5:]
        raw = b"ALPH", bytes([4 * kind]) + alpha_filtered(kind).tobytes()
        yield f"alpha-raw-filter-{kind}", riff(canvas(32, 32, 0x10), raw, lossy)
        yield f"alpha-packed-filter-{kind}", riff(canvas(32, 32, 0x10), (b"ALPH", bytes([4 * kind + 1]) + packed_alpha), lossy)
    raw = b"ALPH", b"\0" + ALPHA.tobytes()
    yield "alpha-not-announced", riff(canvas(32, 32, 0), raw, lossy)
    yield "alpha-too-short", riff(canvas(32, 32, 0x10), (b"ALPH", raw[1][:500]), lossy)
    yield "profile-lossless", saved(DRAWING, "WEBP", lossless=True, icc_profile=profile())
    yield "profile-lossy", saved(DRAWING, "WEBP", quality=95, icc_profile=profile())
    yield "exif-6", saved(DRAWING, "WEBP", lossless=True, exif=exif(6))
    yield "exif-3-long", saved(DRAWING, "WEBP", lossless=True, exif=exif(3, ">", long=True, prefix=b"Exif\0\0"))
    green = picture(np.full((32, 32, 3), (0, 255, 0), np.uint8))
    yield "animated", saved(DRAWING, "WEBP", save_all=True, append_images=[green], lossless=True)
    yield "animated-lossy-alpha", saved(RGBA, "WEBP", save_all=True, append_images=[green], quality=95)
    start = b"ANIM", b"\x20\x40\x80\xff\0\0"
    small = animation_frame((8, 4), (16, 16), bitstream(DRAWING[:16, :16], lossless=True))
    yield "animated-small-frame", riff(canvas(32, 32, 0x12), start, small)
    yield "animated-small-frame-no-alpha", riff(canvas(32, 32, 2), start, small)
    yield "animated-frame-beyond-canvas", riff(canvas(20, 20, 0x12), start, small)
    yield "animated-without-frame", riff(canvas(32, 32, 0x12), start)
    yield "canvas-of-another-size", riff(canvas(40, 40, 0), lossless)
    yield "unknown-chunk", riff(canvas(32, 32, 0), (b"abcd", b"xyz"), lossy)
    yield "something-behind", riff(lossless) + b"hello"
    yield "cut-by-1", riff(lossless)[:-1]
    for name, (kind, data) in (("lossy", lossy), ("lossless", lossless)):
        yield f"cut-inside-{name}", riff((kind, data[: len(data) // 2]))


# ---------------------------------------------------------------- what they must give


def on_white(image):
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, (255,) * 4), image).convert("RGB")


def reading(file):
    """Pillow's, in the middle square; of 16 bits a grey is not to be clipped, as Pillow does."""
    image = Image.open(io.BytesIO(file))
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        levels = np.asarray(image)
        alpha = np.where(levels == image.info.get("transparency", -1), 0, 255)
        image = picture(np.dstack([levels >> 8, alpha]).astype(np.uint8))
    image = on_white(image)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side))
    return np.asarray(image.resize((32, 32), Image.BOX))


def placed(part, left, top):
    whole = np.full((32, 32, 3), 255, np.uint8)
    whole[top : top + len(part), left : left + part.shape[1]] = part
    return whole


def one_white(indices, colours):
    return np.where((indices == indices[12, 20])[:, :, None], 255, colours[indices]).astype(np.uint8)


def greys(bits):
    return np.repeat(np.arange(1 << bits)[:, None] * 255 // ((1 << bits) - 1), 3, 1)


EARLY = "cut short: Pillow is less strict"
AROUND = "what is around a frame is transparent, as in browsers"
BY_FORMAT = "the format's rule, as in browsers: Pillow compares stretched levels"
MASKS = "Pillow knows but the usual masks"
OURS = {
    "jpeg-cut-but-ended.jpg": (None, EARLY),
    "png-no-end.png": (None, EARLY),
    "png-too-few-rows.png": (None, EARLY),
    "png-checksum-of-data-wrong.png": (None, "damaged: Pillow does not look"),
    "png-checksum-of-text-wrong.png": (DRAWING, "nobody needs the text"),
    "png-palette-missing.png": (None, "nobody knows its colours"),
    "gif-no-end.gif": (None, EARLY),
    "gif-no-palette.gif": (None, "nobody knows its colours"),
    "gif-small-frame.gif": (placed(PALETTE[GREY[:16, :16]], 8, 8), AROUND),
    "gif-small-frame-on-colour-5.gif": (placed(PALETTE[GREY[:16, :16]], 8, 8), AROUND),
    "bmp-16-bit-444.bmp": ((DRAWING >> 4) * 17, MASKS),
    "bmp-32-bit-10-each.bmp": (DRAWING, MASKS),
    "bmp-16-bit-1555.bmp": (np.where((X > 15)[:, :, None], (DRAWING >> 3) * 8.226, 255), "Pillow passes over this alpha"),
    "bmp-24-bit-offset-0.bmp": (None, "its header contradicts itself"),
    "bmp-rle8-no-end.bmp": (None, EARLY),
    "bmp-rle8-skips.bmp": (
        np.where((X < 10)[:, :, None], PALETTE[40], np.where(((X > 14) & (X < 25))[:, :, None], PALETTE[90], 255)),
        "pixels that are skipped are transparent, as in browsers",
    ),
    "webp-animated-small-frame-no-alpha.webp": (placed(DRAWING[:16, :16], 8, 4), AROUND),
} | {
    f"png-grey-{bits}-one-transparent.png": (one_white(GREY >> 8 - bits, greys(bits)), BY_FORMAT) for bits in (2, 4)
}
KINDS = {"jpeg": (jpegs, "jpg"), "png": (pngs, "png"), "gif": (gifs, "gif"), "bmp": (bmps, "bmp"), "webp": (webps, "webp")}


def expectation(name, file):
    array, reason = OURS.get(name, (None, None))
    if reason is None:
        try:
            array = reading(file)
        except Exception:
            reason = "by Pillow too"
    if array is None:
        return f"refused  # {reason}"
    lossy = name.startswith(("jpeg", "webp-alpha", "webp-unknown")) or "lossy" in name
    colours = " ".join("%02x%02x%02x" % tuple(int(v) for v in array[y, x]) for y in range(4, 32, 8) for x in range(4, 32, 8))
    return f"{10 if lossy else 1} {colours}" + (f"  # {reason}" if reason else "")


def main(folder):
    lines = []
    for kind, (make, ending) in KINDS.items():
        for name, file in make():
            name = f"{kind}-{name}.{ending}"
            (folder / name).write_bytes(file)
            lines.append(f"{name} {expectation(name, file)}\n")
    (folder / "expected.txt").write_text("".join(lines))


main(Path(sys.argv[1]))
