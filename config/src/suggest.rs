//! Did you mean: the known word that is nearest to one that is not.

/// The word of `known` that `word` was most likely meant to be; none: nothing is near enough.
///
/// Near is at most a third of the letters changed, added, lost or swapped with the next, and
/// always at most three. Case does not count.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let allowed = (lower.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_understood_and_another_word_is_not() {
        let known = ["max_restarts", "script", "cwd"];
        assert_eq!(nearest("max_restart", known), Some("max_restarts"));
        assert_eq!(nearest("Scirpt", known), Some("script"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("cvd", known), Some("cwd"));
    }
}
