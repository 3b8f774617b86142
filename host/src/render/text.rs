//! Small pieces of text: durations, offsets, aligned columns.

use std::time::Duration;

/// Returns `365d`, `1h30m`, `1.5s`, `250ms`: every unit that is not zero, the largest first.
pub fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let (days, rest) = (millis / 86_400_000, millis % 86_400_000);
    let (hours, rest) = (rest / 3_600_000, rest % 3_600_000);
    let (minutes, rest) = (rest / 60_000, rest % 60_000);
    let (seconds, millis) = (rest / 1000, rest % 1000);
    let mut text = String::new();
    for (count, unit) in [(days, "d"), (hours, "h"), (minutes, "m")] {
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    match (seconds, millis) {
        (0, 0) if text.is_empty() => text.push_str("0s"),
        (0, 0) => {}
        (seconds, 0) => text.push_str(&format!("{seconds}s")),
        (0, millis) => text.push_str(&format!("{millis}ms")),
        (seconds, millis) => {
            let fraction = format!("{millis:03}");
            text.push_str(&format!("{seconds}.{}s", fraction.trim_end_matches('0')));
        }
    }
    text
}

/// Returns `1 operation`, `2 operations`.
pub fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", thousands(count as u64)) }
}

/// Returns `6,291,457`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns rows with their columns aligned, two spaces between them and none at the end.
pub fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Returns text that cannot move a terminal's cursor: control characters are escaped, lines stay.
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => clean.push(character),
            control if control.is_control() => clean.extend(control.escape_default()),
            other => clean.push(other),
        }
    }
    clean
}

/// Returns the beginning of a long text, and how long it is.
pub fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], thousands(text.len() as u64)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{clean, columns, duration, shortened, thousands};

    #[test]
    fn durations_name_every_unit_that_is_not_zero() {
        for (millis, text) in [
            (0, "0s"),
            (250, "250ms"),
            (1500, "1.5s"),
            (10_000, "10s"),
            (5_400_000, "1h30m"),
            (31_536_000_000, "365d"),
            (86_400_001, "1d1ms"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn columns_align_and_an_empty_one_takes_no_room() {
        let rows = [vec!["a".into(), String::new(), "x".into()], vec!["long".into(), String::new(), "y".into()]];
        assert_eq!(columns(&rows), ["a     x", "long  y"]);
    }

    #[test]
    fn long_and_hostile_text_is_tamed() {
        assert_eq!(thousands(6_291_457), "6,291,457");
        assert_eq!(shortened("aäb", 2), "aä… (4 bytes)");
        assert_eq!(clean("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\n");
    }
}
