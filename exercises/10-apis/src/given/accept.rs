//! What a client would like to read: the header `Accept`.

/// The one of `offers` that a client likes best, or nothing when it refuses all of them.
///
/// Each offer is a media type such as `text/csv`. Of two that are liked as much the earlier one wins. Without a header
/// everything is welcome. The closest range decides: `text/csv` before `text/*` before `*/*`.
pub fn best<'a>(accept: Option<&str>, offers: &[&'a str]) -> Option<&'a str> {
    let mut best = None;
    let mut most = 0.0;
    for offer in offers {
        let liked = accept.map_or(1.0, |accept| quality(accept, offer));
        if liked > most {
            (best, most) = (Some(*offer), liked);
        }
    }
    best
}

/// How welcome a media type is, from 0 (refused) to 1.
fn quality(accept: &str, offer: &str) -> f64 {
    let kind = offer.split('/').next().unwrap_or_default();
    let exact_first = [offer.to_owned(), format!("{kind}/*"), "*/*".to_owned()];
    let ranges: Vec<(&str, f64)> = accept.split(',').map(range).collect();
    let closest = exact_first.iter().find_map(|wanted| {
        let hit = |(name, _): &&(&str, f64)| name.eq_ignore_ascii_case(wanted);
        ranges.iter().find(hit).map(|(_, quality)| *quality)
    });
    closest.unwrap_or(0.0)
}

/// One entry of the header: the range, and its `q`, which is 1 where nothing is said.
fn range(entry: &str) -> (&str, f64) {
    let mut parts = entry.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let quality = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_q = name.trim().eq_ignore_ascii_case("q");
        is_q.then(|| value.trim().parse().unwrap_or(0.0))
    });
    (name, quality.unwrap_or(1.0))
}
