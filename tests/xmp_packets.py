"""XMP packets that say in every schema where a face is."""

from __future__ import annotations

__all__ = ["FORMS", "RDF", "SPACES", "item", "packet_about", "packet_of", "structure"]

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SPACES = {
    "rdf": RDF,
    "rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "area": "http://ns.adobe.com/xmp/sType/Area#",
    "dim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "fi": "http://ns.apple.com/faceinfo/1.0/",
    "ac": "http://ns.acdsee.com/regions/",
    "acarea": "http://ns.acdsee.com/sType/Area#",
    "acdim": "http://ns.acdsee.com/sType/Dimensions#",
    "mp": "http://ns.microsoft.com/photo/1.2/",
    "mpri": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
    "mpreg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "ext": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "pano": "http://ns.google.com/photos/1.0/panorama/",
}
FORMS = ("attributes", "resource", "description")


def structure(name: str, fields: dict[str, str], form: str) -> str:
    """Write a structure of simple fields in one of the ways that RDF has."""
    plain = "".join(f' {key}="{value}"' for key, value in fields.items())
    inner = "".join(f"<{key}>{value}</{key}>\n" for key, value in fields.items())
    return {
        "attributes": f"<{name}{plain}/>",
        "resource": f'<{name} rdf:parseType="Resource">\n{inner}</{name}>',
        "description": f"<{name}><rdf:Description{plain}/></{name}>",
    }[form]


def item(inner: str, extra: str = "") -> str:
    return f'<rdf:li rdf:parseType="Resource">{inner}{extra}</rdf:li>'


def packet_of(inner: str) -> bytes:
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in SPACES.items())
    return f"<rdf:RDF{spaces}><rdf:Description>{inner}</rdf:Description></rdf:RDF>".encode()


def packet_about(
    box: tuple[int, int, int, int], size: tuple[int, int], applied: tuple[int, int], form: str, unit: str
) -> bytes:
    """Say in every schema that a box (left, top, right, bottom, in pixels of `size`) is somebody's face."""
    left, top, right, bottom = box
    by = size if unit != "pixel" else (1, 1)
    ends = [left / by[0], top / by[1], right / by[0], bottom / by[1]]
    x, y, w, h = (ends[0] + ends[2]) / 2, (ends[1] + ends[3]) / 2, ends[2] - ends[0], ends[3] - ends[1]

    def working_group(p: str, area: str, dim: str, name: str) -> str:
        sides = structure(
            f"{p}:AppliedToDimensions", {f"{dim}:w": str(applied[0]), f"{dim}:h": str(applied[1])}, form
        )
        numbers = {f"{area}:x": repr(x), f"{area}:y": repr(y), f"{area}:w": repr(w), f"{area}:h": repr(h)}
        place = structure(f"{p}:{name}", {**numbers, f"{area}:unit": unit}, form)
        extensions = structure("rs:Extensions", {"fi:AngleInfoRoll": "270", "fi:FaceID": "7"}, form)
        region = item(place, f"<{p}:Name>Oma</{p}:Name>" + extensions)
        regions = f"{sides}<{p}:RegionList><rdf:Bag>{region}</rdf:Bag></{p}:RegionList>"
        return f'<{p}:Regions rdf:parseType="Resource">{regions}</{p}:Regions>'

    fractions = [left / size[0], top / size[1], (right - left) / size[0], (bottom - top) / size[1]]
    rectangle = item(f"<mpreg:Rectangle>{', '.join(map(repr, fractions))}</mpreg:Rectangle>")
    microsoft = structure("mp:RegionInfo", {}, "resource").replace(
        "</mp:", f"<mpri:Regions><rdf:Bag>{rectangle}</rdf:Bag></mpri:Regions></mp:"
    )
    mine = "pixel" if unit == "pixel" else "relative"
    boundary = structure(
        "ext:RegionBoundary",
        {
            "ext:rbShape": "rectangle",
            "ext:rbUnit": mine,
            "ext:rbX": repr(ends[0]),
            "ext:rbY": repr(ends[1]),
            "ext:rbW": repr(w),
            "ext:rbH": repr(h),
        },
        form,
    )
    corners = [(ends[0], ends[1]), (ends[2], ends[1]), (ends[2], ends[3])]
    vertices = "".join(
        structure("rdf:li", {"ext:rbX": repr(a), "ext:rbY": repr(b)}, "resource") for a, b in corners
    )
    polygon = (
        '<ext:RegionBoundary rdf:parseType="Resource"><ext:rbShape>polygon</ext:rbShape>'
        f"<ext:rbUnit>{mine}</ext:rbUnit>"
        f"<ext:rbVertices><rdf:Seq>{vertices}</rdf:Seq></ext:rbVertices></ext:RegionBoundary>"
    )
    iptc = f"<ext:ImageRegion><rdf:Bag>{item(boundary)}{item(polygon)}</rdf:Bag></ext:ImageRegion>"
    middle = (round((left + right) / 2), round((top + bottom) / 2), right - left, bottom - top)
    subject = "".join(f"<rdf:li>{number}</rdf:li>" for number in middle)
    return packet_of(
        working_group("rs", "area", "dim", "Area")
        + working_group("ac", "acarea", "acdim", "DLYArea")
        + microsoft
        + iptc
        + f"<exif:SubjectArea><rdf:Seq>{subject}</rdf:Seq></exif:SubjectArea>"
    )
