/// Returns the function's name and its qualifier, if `text` names a function by the API model's pattern: a
/// name, a partial ARN or a whole one. Partition, region and account do not count, nor is the length checked.
pub fn parse_function_name(text: &str) -> Option<(&str, Option<&str>)> {
    let parts: Vec<&str> = text.split(':').collect();
    match without_prefix(&parts) {
        [name] if is_name(name) => Some((name, None)),
        [name, qualifier] if is_name(name) && is_qualifier(qualifier) => Some((name, Some(qualifier))),
        _ => None,
    }
}

/// Leaves out what may stand before the name. Each part is optional, and taken for itself where it can be.
fn without_prefix<'a, 'b>(mut parts: &'a [&'b str]) -> &'a [&'b str] {
    if let ["arn", partition, "lambda", rest @ ..] = parts
        && partition.starts_with("aws")
    {
        parts = rest;
    }
    for is_optional in [is_region, is_account, |part: &str| part == "function"] {
        match parts {
            [first, rest @ ..] if !rest.is_empty() && is_optional(first) => parts = rest,
            _ => {}
        }
    }
    parts
}

/// Such as `us-east-1` or `us-gov-west-1`.
fn is_region(part: &str) -> bool {
    let words: Vec<&str> = part.split('-').collect();
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    match words.as_slice() {
        [country, middle @ .., number] if !middle.is_empty() => {
            country.len() == 2
                && is_word(country)
                && middle.iter().all(is_word)
                && number.len() == 1
                && number.bytes().all(|b| b.is_ascii_digit())
        }
        _ => false,
    }
}

fn is_account(part: &str) -> bool {
    part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit())
}

fn is_name(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

fn is_qualifier(part: &str) -> bool {
    let is_word = !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    is_word || matches!(part, "$LATEST" | "$LATEST.PUBLISHED")
}

#[cfg(test)]
mod tests {
    use super::parse_function_name;

    #[test]
    fn a_function_is_named_in_many_ways() {
        for (text, name, qualifier) in [
            ("pay", "pay", None),
            ("pay:live", "pay", Some("live")),
            ("pay:$LATEST", "pay", Some("$LATEST")),
            ("arn:aws:lambda:eu-west-1:123456789012:function:pay", "pay", None),
            ("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:pay:7", "pay", Some("7")),
            ("123456789012:function:pay:7", "pay", Some("7")),
            ("123456789012:pay", "pay", None),
            ("123456789012:pay:7", "pay", Some("7")),
            ("123456789012", "123456789012", None),
            ("function", "function", None),
        ] {
            assert_eq!(parse_function_name(text), Some((name, qualifier)), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_none() {
        for text in [
            "",
            ":",
            "pay:",
            "pay:::x",
            "pay:a:b",
            "pay:$OTHER",
            "p a y",
            "arn:aws:s3:::bucket",
            "arn:aws:lambda:eu-west-1:1:function:pay",
        ] {
            assert_eq!(parse_function_name(text), None, "{text}");
        }
    }
}
