//! Finds what a person probably meant by a name that does not exist.

/// Returns the candidates that are near `asked`, the nearest first, at most three.
///
/// Near is a third of the longer name's length in edits, or one being a part of the other.
pub fn near<'a>(asked: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let asked = fold(asked);
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let folded = fold(candidate);
            let distance = strsim::damerau_levenshtein(&asked, &folded);
            let allowed = asked.chars().count().max(folded.chars().count()) / 3;
            let part = asked.len() >= 3 && (folded.contains(&asked) || asked.contains(&folded));
            (distance <= allowed || part).then_some((distance, candidate))
        })
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().map(|(_, candidate)| candidate).take(3).collect()
}

/// Case and the choice between `-` and `_` are no difference to a person.
fn fold(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

/// Returns a hint that names what is near, or else everything there is.
pub fn hint<'a>(asked: &str, what: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let nearest = near(asked, candidates.clone());
    if !nearest.is_empty() {
        return format!("did you mean {}?", alternatives(&nearest));
    }
    let mut all: Vec<&str> = candidates.into_iter().collect();
    all.sort_unstable();
    all.dedup();
    const SHOWN: usize = 12;
    match all.len() {
        0 => format!("there are no {what}"),
        count if count > SHOWN => format!("{what}: {} and {} more", all[..SHOWN].join(", "), count - SHOWN),
        _ => format!("{what}: {}", all.join(", ")),
    }
}

/// Returns `a`, `a or b`, `a, b or c`, each in back quotes.
fn alternatives(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{hint, near};

    #[test]
    fn slips_of_the_fingers_are_near() {
        let handlers = ["order", "hello_world", "nested_contexts", "retries"];
        assert_eq!(near("odrer", handlers), ["order"]);
        assert_eq!(near("hello-world", handlers), ["hello_world"]);
        assert_eq!(near("Retry", handlers), Vec::<&str>::new());
        assert_eq!(near("hello", handlers), ["hello_world"]);
        assert_eq!(near("x", handlers), Vec::<&str>::new());
    }

    #[test]
    fn a_hint_names_the_near_ones_or_all() {
        assert_eq!(hint("ordr", "handlers", ["order", "orders"]), "did you mean `order` or `orders`?");
        assert_eq!(hint("zzz", "handlers", ["b", "a"]), "handlers: a, b");
        assert_eq!(hint("zzz", "handlers", []), "there are no handlers");
    }
}
