"""What a file or a block of bytes is, told by its ending or its first bytes."""

from __future__ import annotations

IMAGE_ENDINGS = frozenset(
    (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".jp2")
)
ENDINGS = {
    "sound": (".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".wma"),
    "video": (".mp4", ".avi", ".mov", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv"),
    "DICOM": (".dcm", ".dicom"),
    "NIfTI": (".nii", ".nii.gz"),
    "PDF": (".pdf",),
    "saved array": (".npy", ".npz", ".mat", ".h5", ".hdf5"),
    "drawing": (".svg",),
}
DO = {
    "sound": "turn each into a spectrogram of one size and pass an array (n, mel, frames)",
    "video": "take single frames, or reduce each video to features per frame and pass an array (n, T, C)",
    "DICOM": "read the pixels, for example with pydicom, and pass an array (n, H, W)",
    "NIfTI": "read the volume, for example with nibabel, and pass slices as an array (n, H, W)",
    "PDF": "take out the text, or draw each page as a picture",
    "saved array": "load them and stack them into one array",
    "drawing": "draw each as a picture of points",
}
MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image"),
    (0, b"\xff\xd8\xff", "image"),
    (0, b"GIF8", "image"),
    (0, b"II*\x00", "image"),
    (0, b"MM\x00*", "image"),
    (0, b"\x00\x00\x00\x0cjP  ", "image"),
    (8, b"WEBP", "image"),
    (8, b"WAVE", "sound"),
    (8, b"AVI ", "video"),
    (0, b"fLaC", "sound"),
    (0, b"OggS", "sound"),
    (0, b"ID3", "sound"),
    (0, b"\xff\xfb", "sound"),
    (4, b"ftyp", "video"),
    (0, b"\x1aE\xdf\xa3", "video"),
    (128, b"DICM", "DICOM"),
    (344, b"n+1\x00", "NIfTI"),
    (0, b"%PDF-", "PDF"),
    (0, b"\x93NUMPY", "saved array"),
)


def ending(name: str) -> str:
    """Lower-case ending of a file name, two parts where the last says only that it is packed.

    Examples
    --------
    >>> ending("a/b.c/SCAN.nii.gz"), ending("x.PNG"), ending("none"), ending(".hidden")
    ('.nii.gz', '.png', '', '')
    """
    parts = name.replace("\\", "/").rpartition("/")[2].lower().split(".")[1:]
    if not parts or len(name.replace("\\", "/").rpartition("/")[2].split(".")[0]) == 0:
        return ""
    packed = parts[-1] in ("gz", "bz2", "xz", "zip", "zst") and len(parts) > 1
    return "." + ".".join(parts[-2:] if packed else parts[-1:])


def kind_of_name(name: str) -> str | None:
    """What a path names, by its ending: "image", a kind of file that is not read, or None.

    Examples
    --------
    >>> kind_of_name("a.png"), kind_of_name("scan.dcm"), kind_of_name("a sentence."), kind_of_name("x.csv")
    ('image', 'DICOM', None, None)
    """
    end = ending(name)
    if end in IMAGE_ENDINGS:
        return "image"
    return next((kind for kind, ends in ENDINGS.items() if end in ends), None)


def kind_of_bytes(start: bytes) -> str | None:
    """What a block of bytes is, by its first 400: "image", a kind of file that is not read, or None.

    Examples
    --------
    >>> kind_of_bytes(b"RIFF\\0\\0\\0\\0WAVEfmt "), kind_of_bytes(b"hello")
    ('sound', None)
    """
    for place, magic, kind in MAGIC:
        if start[place : place + len(magic)] == magic:
            riff = place != 8 or start.startswith(b"RIFF")
            if riff:
                return kind
    bitmap = start[:2] == b"BM" and start[14:18] in (
        b"\x0c\0\0\0",
        b"\x28\0\0\0",
        b"\x6c\0\0\0",
        b"\x7c\0\0\0",
    )
    plain = len(start) > 3 and start[:1] == b"P" and start[1:2] in b"123456" and start[2:3] in b" \n\r\t"
    return "image" if bitmap or plain else None
