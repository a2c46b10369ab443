"""Makes the web page's data: `python -m client_demo.make_page_data [LAND]`, where LAND is world-atlas' land-110m.json.

Knows TopoJSON and the lists of cities and their names. Never needed at run time. Writes page/cities.txt, one city to a
line, the biggest first, and from LAND page/land.json, outlines in tenths of a degree without borders or islands too
small to see.
"""

import json
import sys
from pathlib import Path
from typing import Any

from client_demo.places import City, cities, homonyms

PAGE = Path(__file__).with_name("page")
PER_DEGREE = 10
"""A tenth of a degree is 11 km: finer than these outlines are, at half the digits."""

Ring = list[tuple[int, int]]


def land_rings(topology: dict[str, Any]) -> list[Ring]:
    """Return the outer and inner rings of all land, as (lon, lat) in tenths of a degree without repeated points."""
    arcs = [_arc(arc, topology["transform"]) for arc in topology["arcs"]]
    found = []
    for geometry in topology["objects"]["land"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for polygon in polygons:
            found += [_ring(indexes, arcs) for indexes in polygon]
    return [ring for ring in found if len(ring) >= 4]


def as_steps(ring: Ring) -> list[int]:
    """Return a ring as its first point and then the step from each point to the next: [lon, lat, dlon, dlat, …]."""
    steps, before = [], (0, 0)
    for lon, lat in _unrolled(ring):
        steps += [lon - before[0], lat - before[1]]
        before = (lon, lat)
    return steps


def _unrolled(ring: Ring) -> Ring:
    """Return a ring whose longitudes go on beyond 180 degrees instead of jumping, closed over the pole if around it."""
    turn, unrolled = 360 * PER_DEGREE, ring[:1]
    for lon, lat in ring[1:]:
        unrolled.append((lon - turn * round((lon - unrolled[-1][0]) / turn), lat))
    first, last = unrolled[0], unrolled[-1]
    if abs(first[0] - last[0]) >= turn // 2:
        pole = -90 * PER_DEGREE  # no land lies around the other one
        unrolled += [(last[0], pole), (first[0], pole)]
    return unrolled


def city_lines() -> list[str]:
    """Return a line for each city; the names it shares stand in it, for whoever types one looks no further."""
    return [city_line(city, names) for city, names in zip(cities(), homonyms(), strict=True)]


def city_line(city: City, homonyms: list[str]) -> str:
    """Return "name|country|lat|lon|region|names"; to about a kilometre, as fine as the finest cell.

    Args:
        homonyms: its names in other languages that are other cities' own, between semicolons; what is empty at the end
            of a line is left out.
    """
    return f"{city.name}|{city.country}|{city.lat:.2f}|{city.lon:.2f}|{city.region}|{';'.join(homonyms)}".rstrip("|")


def _arc(arc: list[list[int]], transform: dict[str, Any]) -> Ring:
    """Return an arc's points; TopoJSON holds them as steps on a grid."""
    points, x, y = [], 0, 0
    for dx, dy in arc:
        x, y = x + dx, y + dy
        lon = x * transform["scale"][0] + transform["translate"][0]
        lat = y * transform["scale"][1] + transform["translate"][1]
        points.append((round(lon * PER_DEGREE), round(lat * PER_DEGREE)))
    return points


def _ring(indexes: list[int], arcs: list[Ring]) -> Ring:
    """Return the points of the arcs one after the other; ~n stands for arc n backwards."""
    points: Ring = []
    for index in indexes:
        for point in arcs[index] if index >= 0 else arcs[~index][::-1]:
            if not points or point != points[-1]:
                points.append(point)
    return points


def main() -> None:
    """Write the files and say how big they are."""
    files = {PAGE / "cities.txt": "\n".join(city_lines()) + "\n"}
    for land in sys.argv[1:]:
        steps = [as_steps(ring) for ring in land_rings(json.loads(Path(land).read_text(encoding="utf-8")))]
        files[PAGE / "land.json"] = json.dumps({"per_degree": PER_DEGREE, "rings": steps}, separators=(",", ":")) + "\n"
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
