"""Reading check-ins: every form the file may have, and every row that is not believable."""

import gzip
from pathlib import Path

import pytest

from client_demo.checkins import CheckIn, Unreadable, parse_hours, read_file, read_lines

HOUR = 3600
ROWS = ["u1,40.5,-73.5,1000000", "u2,40.6,-73.6,1003600", "u1,40.7,-73.7,1007200"]


def test_rows_without_header_are_read_in_order() -> None:
    reading = read_lines(ROWS)
    assert reading.rows[0] == CheckIn("u1", 40.5, -73.5, 1_000_000.0)
    assert [row.user for row in reading.rows] == ["u1", "u2", "u1"]
    assert (reading.rows_good, reading.rows_bad, reading.problems) == (3, 0, [])


@pytest.mark.parametrize("header", ["user,lat,lon,unix_time", "who,latitude,longitude,time", "a\tb\tc\td"])
def test_a_header_is_no_row(header: str) -> None:
    reading = read_lines([header, *ROWS])
    assert (len(reading.rows), reading.rows_bad) == (3, 0)


def test_a_header_with_our_names_in_another_order_is_obeyed() -> None:
    reading = read_lines(["unix_time,lon,lat,venue,user", "1000000,-73.5,40.5,café,u1"])
    assert reading.rows == [CheckIn("u1", 40.5, -73.5, 1_000_000.0)]


def test_tabs_separate_as_well_as_commas() -> None:
    assert read_lines([row.replace(",", "\t") for row in ROWS]).rows == read_lines(ROWS).rows


def test_blank_lines_and_line_ends_of_other_systems_are_passed_over() -> None:
    reading = read_lines(["\r\n", ROWS[0] + "\r\n", "   \n", ROWS[1] + "\n"])
    assert (len(reading.rows), reading.rows_bad) == (2, 0)


def test_gzip_and_plain_files_hold_the_same(tmp_path: Path) -> None:
    text = "\n".join(ROWS)
    (tmp_path / "plain.csv").write_text(text, encoding="utf-8-sig")
    (tmp_path / "packed").write_bytes(gzip.compress(text.encode()))
    assert read_file(tmp_path / "plain.csv").rows == read_file(tmp_path / "packed").rows == read_lines(ROWS).rows


def test_hours_count_from_the_first_row_from_a_up_to_but_not_including_b() -> None:
    rows = [f"u{hour},0,0,{500 + hour * HOUR}" for hour in range(5)]
    assert [row.user for row in read_lines(rows, (1, 3)).rows] == ["u1", "u2"]


def test_rows_out_of_order_come_sorted_by_time_and_equal_times_as_they_stood() -> None:
    reading = read_lines(["a,0,0,300", "b,0,0,100", "c,0,0,300"])
    assert [row.user for row in reading.rows] == ["b", "a", "c"]
    assert reading.first_at == 300.0


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("u1,40.5,-73.5", "3 fields in place of 4: user, lat, lon, unix_time"),
        ("u1,north,-73.5,1000000", "lat 'north' is no number"),
        ("u1,90.5,-73.5,1000000", "lat 90.5 is not within -90 to 90"),
        ("u1,nan,-73.5,1000000", "lat nan is not within -90 to 90"),
        ("u1,40.5,-180.5,1000000", "lon -180.5 is not within -180 to 180"),
        ("u1,40.5,-73.5,yesterday", "unix_time 'yesterday' is no number"),
        ("u1,40.5,-73.5,inf", "unix_time inf is not within 0 to 1e+11"),
        ("u1,40.5,-73.5,1349064000000", "unix_time 1349064000000 is not within 0 to 1e+11"),
        (",40.5,-73.5,1000000", "no user"),
        ('"u1,40.5,-73.5,1000000', "1 fields in place of 4: user, lat, lon, unix_time"),
    ],
)
def test_a_bad_row_is_counted_and_named_with_its_line_and_what_is_wrong(row: str, what: str) -> None:
    reading = read_lines([ROWS[0], "", row, ROWS[1]])
    assert (len(reading.rows), reading.rows_bad) == (2, 1)
    assert reading.problems == [f"line 3: {what}"]


def test_only_the_first_few_bad_rows_are_named() -> None:
    reading = read_lines([*ROWS, *["rubbish"] * 100])
    assert (reading.rows_bad, len(reading.problems)) == (100, 5)
    assert reading.problems[0].startswith("line 4: ")


def test_a_field_beyond_all_measure_is_one_bad_row() -> None:
    reading = read_lines(["x" * 200_000 + ",40.5,-73.5,1000000", *ROWS])
    assert (len(reading.rows), reading.rows_bad) == (3, 1)


def test_bytes_that_are_no_text_are_bad_rows(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 4 + b"\n" + ROWS[0].encode())
    reading = read_file(tmp_path / "noise")
    assert len(reading.rows) == 1
    assert reading.rows_bad >= 1


def test_a_file_that_is_missing_or_broken_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"nowhere\.csv cannot be read: No such file"):
        read_file(tmp_path / "nowhere.csv")
    broken = tmp_path / "broken.gz"
    packed = gzip.compress("\n".join(ROWS * 1000).encode())
    for damaged in (packed[:60], packed[:40] + b"\xff" * 20 + packed[60:]):
        broken.write_bytes(damaged)
        with pytest.raises(Unreadable, match="cannot be read"):
            read_file(broken)


def test_hours_are_two_numbers_the_smaller_first() -> None:
    assert parse_hours("36-60") == (36.0, 60.0)
    assert parse_hours("0-0.5") == (0.0, 0.5)


@pytest.mark.parametrize("text", ["", "36", "60-36", "5-5", "a-b", "-3-5", "1-inf", "nan-2", "1-2-3"])
def test_anything_else_is_no_range_of_hours(text: str) -> None:
    with pytest.raises(ValueError, match="is no range of hours"):
        parse_hours(text)
