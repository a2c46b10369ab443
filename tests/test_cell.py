"""Cells: what text is one, where it lies, how large it is, whom it contains."""

import copy
import pickle

import geohash as oracle
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from geo import ALPHABET, BadCell, BadCoordinates, Cell, GeoError, Grid, distance_m, neighbours

cells = st.text(alphabet=ALPHABET, min_size=1, max_size=12).map(Cell)
latitudes = st.floats(min_value=-90, max_value=90)
longitudes = st.floats(min_value=-180, max_value=180)
lengths = st.integers(min_value=1, max_value=12)
within = st.floats(min_value=0, max_value=1)

# Published: ezs42 and u4pruydqqvj in the English Wikipedia's article, c216ne at geohash.org, the Sicilian
# ones in the documentation of Redis' GEOHASH (whose eleventh character is padding).
PUBLISHED = [
    ("ezs42", 42.605, -5.603, 3),
    ("u4pruydqqvj", 57.64911, 10.40744, 5),
    ("c216ne", 45.37, -121.70, 2),
    ("sqc8b49rny", 38.115556, 13.361389, 4),
    ("sqdtr74hyu", 37.502669, 15.087269, 4),
]


@pytest.mark.parametrize(("text", "lat", "lon", "decimals"), PUBLISHED)
def test_published_geohashes_encode_and_decode_as_published(text: str, lat: float, lon: float, decimals: int) -> None:
    cell = Cell(text)
    assert Cell.at(lat, lon, len(text)) == text
    assert cell.center == pytest.approx((lat, lon), abs=10**-decimals)


# The oracle adds 180 and 90 first, which loses what is smaller than that allows: so nanodegrees, and no pole.
@given(st.integers(-90 * 10**9, 90 * 10**9 - 1), st.integers(-180 * 10**9, 180 * 10**9 - 1), lengths)
@example(0, 0, 12)
@example(-1, -1, 1)
@example(5_625_000_000, -11_250_000_000, 3)
def test_encoder_agrees_with_an_independent_one(lat_nano: int, lon_nano: int, length: int) -> None:
    lat, lon = lat_nano / 1e9, lon_nano / 1e9
    assert Cell.at(lat, lon, length) == oracle.encode(lat, lon, length)


@given(cells)
def test_centre_and_size_agree_with_an_independent_decoder(cell: Cell) -> None:
    lat, lon, half_height, half_width = oracle.decode_exactly(cell)
    assert cell.center == pytest.approx((lat, lon), abs=1e-9)
    south, north = (lat - half_height, lon), (lat + half_height, lon)
    assert cell.size_m[0] == pytest.approx(distance_m(south, north), rel=1e-6)
    # Along a parallel, which a great circle cuts short: compared where it is short enough not to matter.
    if len(cell) >= 6:
        west, east = (lat, lon - half_width), (lat, lon + half_width)
        assert cell.size_m[1] == pytest.approx(distance_m(west, east), rel=1e-5)


@given(cells)
def test_the_centre_of_a_cell_lies_in_the_cell(cell: Cell) -> None:
    assert Cell.at(*cell.center, len(cell)) == cell


@given(cells)
def test_neighbours_agree_with_an_independent_implementation(cell: Cell) -> None:
    # The oracle names a cell twice where the world is too narrow; ours names each once.
    assert sorted(neighbours(cell)) == sorted(set(oracle.neighbors(cell)))
    assert all(isinstance(each, Cell) for each in neighbours(cell))


def test_a_cell_at_a_pole_has_five_neighbours_and_none_beyond() -> None:
    north = Cell.at(90.0, 10.0, 6)
    south = Cell.at(-90.0, 10.0, 6)
    assert len(neighbours(north)) == len(neighbours(south)) == 5


def test_neighbours_go_on_across_the_antimeridian() -> None:
    western_end = Cell.at(10.0, -180.0, 6)
    eastern_end = Cell.at(10.0, 179.999, 6)
    assert eastern_end in neighbours(western_end)
    assert western_end in neighbours(eastern_end)


@given(cells)
def test_being_neighbours_is_mutual(cell: Cell) -> None:
    assert all(cell in neighbours(each) for each in neighbours(cell))


def test_text_of_either_case_gives_the_lower_case_cell() -> None:
    assert Cell.parse("DR5Ru") == Cell("dr5ru") == "dr5ru"
    assert type(Cell.parse("DR5Ru")) is Cell


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dr5rudr5rudr5",  # 13 characters
        "abc",  # a is left out of the alphabet, as are i, l and o
        "dr5i",
        "dr5l",
        "dr5o",
        "dr5 ",
        " dr5",
        "dr5\n",
        "dr5\x00",
        "dr5-",
        "40.7128",
        "40.7,-73.9",
        "\"'; drop",
        "\u212a5",  # KELVIN SIGN, whose lower case is a plain k
        "\u017f5",  # LONG S, whose upper case is a plain S
        "\uff44\uff52\uff15",  # full-width dr5
        "\u0665\u0666",  # Arabic-Indic digits
        "\u00b2",  # superscript two
        "\u0130",
        "\ud800",
        "dr5\u200b",
    ],
)
def test_whatever_is_no_geohash_is_refused_with_advice(text: str) -> None:
    for make in (Cell, Cell.parse):
        with pytest.raises(BadCell, match="Give a geohash such as dr5ru") as caught:
            make(text)
        assert str(caught.value).isascii()
        assert str(caught.value).isprintable()


@given(st.text(max_size=14))
@example("\u212a")
def test_any_text_is_a_valid_cell_or_refused(text: str) -> None:
    try:
        cell = Cell.parse(text)
    except BadCell:
        assert not (1 <= len(text) <= 12 and all(char in ALPHABET + ALPHABET.upper() for char in text))
    else:
        assert cell == text.lower()
        assert all(char in ALPHABET for char in cell)


@given(cells)
def test_a_cell_survives_copying_and_pickling(cell: Cell) -> None:
    for again in (copy.deepcopy(cell), pickle.loads(pickle.dumps(cell)), Cell(cell)):
        assert again == cell
        assert type(again) is Cell


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        (float("nan"), 0.0),
        (0.0, float("nan")),
        (float("inf"), 0.0),
        (0.0, float("-inf")),
        (90.0001, 0.0),
        (-90.0001, 0.0),
        (0.0, 180.0001),
        (0.0, -180.0001),
    ],
)
def test_coordinates_outside_the_world_are_refused(lat: float, lon: float) -> None:
    with pytest.raises(BadCoordinates, match="latitude within -90 to 90"):
        Cell.at(lat, lon, 6)


@pytest.mark.parametrize("length", [0, -1, 13])
def test_a_length_no_cell_has_is_refused(length: int) -> None:
    with pytest.raises(BadCell, match="1 to 12"):
        Cell.at(0.0, 0.0, length)


def test_everything_geo_refuses_is_a_geo_error_and_a_value_error() -> None:
    for error in (BadCell, BadCoordinates):
        assert issubclass(error, GeoError)
        assert issubclass(error, ValueError)


def test_whole_degrees_may_be_integers() -> None:
    assert Cell.at(40, -73, 5) == Cell.at(40.0, -73.0, 5)


@given(cells)
def test_exact_edges_belong_to_the_cell_north_and_east_of_them(cell: Cell) -> None:
    lat, lon, half_height, half_width = oracle.decode_exactly(cell)
    # The oracle's centres are within rounding; the true edges are multiples of the cell's size.
    height, width = 2 * half_height, 2 * half_width
    south = round((lat - half_height) / height) * height
    west = round((lon - half_width) / width) * width
    assert Cell.at(south, west, len(cell)) == cell
    if south + height < 90:
        assert Cell.at(south + height, west, len(cell)) != cell
    assert Cell.at(south, west + width, len(cell)) != cell


def test_the_equator_and_the_prime_meridian_belong_to_the_north_and_the_east() -> None:
    assert Cell.at(0.0, 0.0, 12) == Cell.at(-0.0, -0.0, 12) == "s00000000000"


@given(latitudes, lengths)
def test_both_names_of_the_antimeridian_give_the_same_cell(lat: float, length: int) -> None:
    assert Cell.at(lat, 180.0, length) == Cell.at(lat, -180.0, length)


@given(longitudes, lengths)
def test_the_north_pole_belongs_to_the_northernmost_cells(lon: float, length: int) -> None:
    northernmost = Cell.at(90.0, lon, length)
    assert northernmost == Cell.at(90.0 - 1e-9, lon, length)


def test_a_cell_of_six_characters_is_about_1200_by_600_metres_at_the_equator() -> None:
    height, width = Cell.at(0.001, 0.001, 6).size_m
    assert height == pytest.approx(611, abs=1)
    assert width == pytest.approx(1222, abs=1)


def test_cells_grow_narrow_towards_the_poles_but_not_lower() -> None:
    equator, sixty = Cell.at(0.001, 10.0, 8), Cell.at(60.0, 10.0, 8)
    assert sixty.size_m[0] == equator.size_m[0]
    assert sixty.size_m[1] == pytest.approx(equator.size_m[1] / 2, rel=1e-3)


def points_of(cell: Cell, steps: int) -> list[tuple[float, float]]:
    """Return points of the western and the eastern edge, corners included: the farthest pairs are among them."""
    south, west, north, east = _edges(cell)
    return [(south + (north - south) * i / steps, lon) for i in range(steps + 1) for lon in (west, east)]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_no_two_points_of_a_cell_are_farther_apart_than_its_diagonal_at_any_latitude(length: int) -> None:
    grid = Grid(length)
    for row in range(grid.rows):
        cell = grid.cell(row, 0)
        points = points_of(cell, 4)
        assert max(distance_m(a, b) for a in points for b in points) < cell.diagonal_m


@given(cells, within, within, within, within)
def test_no_two_points_of_a_cell_are_farther_apart_than_its_diagonal(
    cell: Cell, lat_a: float, lon_a: float, lat_b: float, lon_b: float
) -> None:
    south, west, north, east = _edges(cell)
    a = (south + lat_a * (north - south), west + lon_a * (east - west))
    b = (south + lat_b * (north - south), west + lon_b * (east - west))
    assert distance_m(a, b) <= cell.diagonal_m * (1 + 1e-9) + 1e-6


@given(cells)
def test_opposite_corners_nearly_reach_the_diagonal(cell: Cell) -> None:
    assume(len(cell) >= 4 and abs(cell.center[0]) < 85)
    south, west, north, east = _edges(cell)
    assert cell.diagonal_m == pytest.approx(distance_m((south, west), (north, east)), rel=1e-4, abs=1e-6)


def _edges(cell: Cell) -> tuple[float, float, float, float]:
    lat, lon = cell.center
    half_height, half_width = oracle.decode_exactly(cell)[2:]
    return lat - half_height, lon - half_width, lat + half_height, lon + half_width


def test_the_parent_is_one_character_shorter_unless_a_length_is_named() -> None:
    cell = Cell("dr5ruj")
    assert cell.parent() == "dr5ru"
    assert cell.parent(4) == "dr5r"
    assert cell.parent(6) == cell
    assert type(cell.parent()) is Cell


@pytest.mark.parametrize("length", [0, -1, 7])
def test_a_parent_of_an_impossible_length_is_refused(length: int) -> None:
    with pytest.raises(BadCell, match="parents of 1 to 6"):
        Cell("dr5ruj").parent(length)


def test_a_cell_of_one_character_has_no_parent() -> None:
    with pytest.raises(BadCell, match="not 0"):
        Cell("d").parent()


@given(cells, lengths)
def test_a_parent_contains_its_child_and_its_child_s_centre(cell: Cell, length: int) -> None:
    assume(length <= len(cell))
    parent = cell.parent(length)
    assert parent.contains(cell)
    assert Cell.at(*cell.center, length) == parent


@given(cells, cells)
def test_cells_match_exactly_when_one_contains_the_other(a: Cell, b: Cell) -> None:
    assert a.contains(b) == (b[: len(a)] == a)
    assert a.matches(b) == b.matches(a) == (a.contains(b) or b.contains(a))
    assert a.contains(a)


def test_a_cell_contains_its_children_and_not_its_parent() -> None:
    coarse, fine, other = Cell("dr5r"), Cell("dr5ruj"), Cell("dr5x")
    assert coarse.contains(fine)
    assert not fine.contains(coarse)
    assert coarse.matches(fine)
    assert fine.matches(coarse)
    assert not coarse.matches(other)
