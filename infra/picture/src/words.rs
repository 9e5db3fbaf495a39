//! Texts and numbers, formatted for the picture.

/// Groups the digits in threes: `1,234`.
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

/// Markdown without emphasis, and links as their texts.
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

/// The width in pixels of a text of 12 to 13 pixels, by the average width of a letter.
pub(crate) fn text_width(text: &str) -> u32 {
    u32::try_from(text.chars().count())
        .unwrap_or(u32::MAX)
        .saturating_mul(11)
        / 2
}

/// Breaks a text at blanks, so that no line is wider than `width` pixels.
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

/// The name of an alarm without the name of the stack. An alarm that was not deployed has its logical id.
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
    fn plain_text_has_no_links_and_wraps_at_blanks() {
        assert_eq!(
            plain("**Any?** [dead-letters](https://x/y#dead-letters), [runs](#r)!"),
            "Any? dead-letters, runs!"
        );
        assert_eq!(wrapped("one two three", 22 + 38), ["one two", "three"]);
    }

    #[test]
    fn alarm_has_the_name_of_its_page() {
        assert_eq!(
            ["customer-order-sync-failed-runs", "DestinationDownAlarm"].map(page_of),
            ["failed-runs", "destination-down"]
        );
    }

    #[test]
    fn digits_are_grouped_in_threes() {
        assert_eq!(
            [0.0, 999.4, 1000.0, 1_234_567.0].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
