"""What of XMP is not true of a new picture: properties that go, by what they are about.

docs/metadata.md has the same as a table, with the reasons.
"""

from __future__ import annotations

from photochrom.io.metadata.left_out import CREDENTIALS, DEPTH, GAIN_MAP, MASK, OTHER_VIEW, VIDEO

__all__ = ["CAMERA", "CONTAINERS", "DC", "EXIF", "EXIF_EX", "PANORAMA_SIZES", "TIFF", "reason_to_go"]

_ADOBE, _GOOGLE, _APPLE = "http://ns.adobe.com/", "http://ns.google.com/photos/", "http://ns.apple.com/"
TIFF, EXIF, EXIF_EX = f"{_ADOBE}tiff/1.0/", f"{_ADOBE}exif/1.0/", "http://cipa.jp/exif/1.0/"
DC = "http://purl.org/dc/elements/1.1/"
CAMERA = f"{_GOOGLE}1.0/camera/"
PANORAMA_SIZES = f"{_GOOGLE}1.0/panorama/"
CONTAINERS = (f"{_GOOGLE}1.0/container/", f"{_GOOGLE}dd/1.0/container/")
"""Namespaces of Google's lists of what stands behind a JPEG."""

_PARTS = {  # namespaces about what a result does not hold, and what that is
    f"{_ADOBE}hdr-gain-map/1.0/": GAIN_MAP,
    f"{_APPLE}HDRGainMap/1.0/": GAIN_MAP,
    f"{_APPLE}depthData/1.0/": DEPTH,
    f"{_APPLE}portraitEffectsMatte/1.0/": MASK,
    f"{_APPLE}semanticSegmentationMatte/1.0/": MASK,
    f"{_GOOGLE}1.0/depthmap/": DEPTH,
    f"{_GOOGLE}1.0/focus/": DEPTH,
    f"{_GOOGLE}1.0/image/": OTHER_VIEW,
    "http://ns.leiainc.com/photos/1.0/image/": OTHER_VIEW,
    "http://ns.xiaomi.com/photos/1.0/camera/": OTHER_VIEW,
    "http://ns.oplus.com/photos/1.0/camera/": VIDEO,
}
_DYNAMIC_DEPTH = f"{_GOOGLE}dd/"  # begins a dozen namespaces

_INSTRUCTIONS = frozenset(
    [
        f"{_ADOBE}camera-raw-settings/1.0/",
        f"{_ADOBE}camera-raw-saved-settings/1.0/",
        f"{_ADOBE}camera-raw-defaults/1.0/",
        f"{_ADOBE}camera-raw-embedded-lens-profile/1.0/",
        f"{_ADOBE}photoshop/1.0/camera-profile",
        f"{_ADOBE}hdr-metadata/1.0/",  # luminance of an HDR rendering
        f"{_APPLE}adjustment-settings/1.0/",
        f"{_APPLE}pixeldatainfo/1.0/",  # of an auxiliary picture
        "http://ns.nikon.com/asteroid/1.0/",
        "http://www.bibblelabs.com/BibbleSettings/5.0/",  # AfterShot, formerly Bibble
        "http://www.bibblelabs.com/BibbleLayers/5.0/",
        "http://www.bibblelabs.com/BibbleOpt/5.0/",
        "http://ns.alienskin.com/exposure/1.0/",
    ]
)
"""Namespaces by which other programs develop, crop or show the photo that was."""

_DARKTABLE = "http://darktable.sf.net/"
_DARKTABLE_KEPT = ("colorlabels",)  # marks of a person's; all else there is how to develop a photo

_FALSE: dict[str, tuple[str, ...]] = {
    f"{_ADOBE}xap/1.0/": ("Thumbnails",),
    f"{_ADOBE}xap/1.0/mm/": ("InstanceID",),  # the result is another instance
    f"{_ADOBE}photoshop/1.0/": ("ColorMode", "ICCProfile", "SidecarForExtension", "TextLayers"),
    TIFF: (
        *("BitsPerSample", "Compression", "NativeDigest", "PhotometricInterpretation", "PlanarConfiguration"),
        *("PrimaryChromaticities", "ReferenceBlackWhite", "SamplesPerPixel", "TransferFunction", "WhitePoint"),
        *("YCbCrCoefficients", "YCbCrPositioning", "YCbCrSubSampling"),
    ),
    EXIF: ("CompressedBitsPerPixel", "NativeDigest"),
    EXIF_EX: ("Gamma",),
    "http://ns.acdsee.com/iptc/1.0/": ("dpp", "rawrppused", "rpp"),  # how ACDSee develops and edits
}
_TOLD: dict[tuple[str, str], str] = {
    ("http://purl.org/dc/terms/", "provenance"): CREDENTIALS,  # where the signed history is fetched from
    (CAMERA, "SpecialTypeID"): "",  # by which galleries offer what the file had
    (CAMERA, "PortraitNote"): DEPTH,
    (CAMERA, "PortraitRequest"): DEPTH,
    (CAMERA, "PortraitVersion"): DEPTH,
}
_VIDEOS = ("MotionPhoto", "MicroVideo", "OLivePhoto")  # begin the names of properties of several makers


def reason_to_go(namespace: str, name: str) -> str | None:
    """Say whether a property goes.

    Returns:
        None if it stays; else what the file had that the property is about, or nothing if it is no such thing.
    """
    if namespace in _PARTS:
        return _PARTS[namespace]
    if namespace.startswith(_DYNAMIC_DEPTH) and namespace not in CONTAINERS:
        return DEPTH
    if name.startswith(_VIDEOS):
        return VIDEO
    if (namespace, name) in _TOLD:
        return _TOLD[namespace, name]
    gone = (
        namespace in _INSTRUCTIONS
        or (namespace == _DARKTABLE and name not in _DARKTABLE_KEPT)
        or name in _FALSE.get(namespace, ())
    )
    return "" if gone else None
