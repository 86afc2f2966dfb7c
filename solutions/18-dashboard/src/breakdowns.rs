use std::cmp::Reverse;

const WHOLE: i128 = 1_000;

/// Shares of the sum in tenths of a percent; together exactly 1,000.
///
/// `None` where a share means nothing: a part is negative, or all of them are zero.
pub fn shares(parts: &[i64]) -> Option<Vec<i64>> {
    // Wide enough for the sum of any parts, times a thousand.
    let total: i128 = parts.iter().map(|&part| i128::from(part)).sum();
    if total <= 0 || parts.iter().any(|&part| part < 0) {
        return None;
    }
    let scaled: Vec<i128> = parts.iter().map(|&part| i128::from(part) * WHOLE).collect();
    let mut shares: Vec<i128> = scaled.iter().map(|part| part / total).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    // Stable: of equal remainders the earlier comes first.
    order.sort_by_key(|&place| Reverse(scaled[place] % total));
    let left = WHOLE - shares.iter().sum::<i128>();
    for (_, &place) in (0..left).zip(&order) {
        shares[place] += 1;
    }
    shares
        .into_iter()
        .map(|share| i64::try_from(share).ok())
        .collect()
}
