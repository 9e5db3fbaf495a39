//! Words and numbers, as a picture has room for them.

/// Digits in threes.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Without emphasis, and without where links lead.
pub(crate) fn plain(markdown: &str) -> String {
    let mut text = String::new();
    let mut rest = markdown;
    while let Some((before, after)) = rest.split_once("](") {
        text.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    text.replace("**", "").replace('[', "")
}

/// Pixels of a text of the usual size: letters as wide as they are on average.
pub(crate) fn text_width(text: &str) -> u32 {
    u32::try_from(text.chars().count())
        .unwrap_or(u32::MAX)
        .saturating_mul(11)
        / 2
}

/// At blanks, where it would be wider.
pub(crate) fn wrapped(text: &str, width: u32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if text_width(line) + text_width(word) + 22 <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// An alarm's name without the stack's. Of one that the local AWS has not, there is only the template's name for it.
pub(crate) fn page_of(alarm: &str) -> String {
    let Some(id) = alarm.strip_suffix("Alarm") else {
        return alarm.replace(&format!("{}-", local_run::STACK), "");
    };
    let mut name = String::new();
    for letter in id.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_its_text_and_long_lines_break_at_blanks() {
        assert_eq!(
            plain("**Any?** [dead-letters](https://x/y#dead-letters), [runs](#r)!"),
            "Any? dead-letters, runs!"
        );
        assert_eq!(wrapped("one two three", 22 + 38), ["one two", "three"]);
    }

    #[test]
    fn an_alarm_is_named_as_its_page() {
        assert_eq!(
            ["customer-order-sync-failed-runs", "DestinationDownAlarm"].map(page_of),
            ["failed-runs", "destination-down"]
        );
    }

    #[test]
    fn digits_stand_in_threes() {
        assert_eq!(
            [0.0, 999.4, 1000.0, 1_234_567.0].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
