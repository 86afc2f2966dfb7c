use dashboard::breakdowns::shares;

fn tenths(parts: &[i64]) -> Vec<i64> {
    shares(parts).unwrap_or_else(|| panic!("{parts:?} has shares"))
}

/// Shares are tenths of a percent, rounded down first; what is left goes to those who lost most by that.
#[test]
fn what_rounding_left_goes_to_those_who_lost_most() {
    for (parts, expected) in [
        (vec![1], vec![1_000]),
        (vec![1, 1], vec![500, 500]),
        (vec![3, 1], vec![750, 250]),
        // 333.3 three times: the first gets what is left.
        (vec![1, 1, 1], vec![334, 333, 333]),
        // 166.6 six times: four of them get one more.
        (vec![7, 7, 7, 7, 7, 7], vec![167, 167, 167, 167, 166, 166]),
        // 857.1 and 142.8: the smaller one lost more.
        (vec![6, 1], vec![857, 143]),
        // 454.5, 272.7, 181.8, 90.9: three are left over, and the largest part gets none of them.
        (vec![5, 3, 2, 1], vec![454, 273, 182, 91]),
        (vec![0, 2, 0], vec![0, 1_000, 0]),
        // 0.99 and 999.00: hardly anything is not nothing.
        (vec![1, 1_009], vec![1, 999]),
        (vec![1, 9_999], vec![0, 1_000]),
        (vec![1, 1_000_000, 1], vec![0, 1_000, 0]),
    ] {
        assert_eq!(tenths(&parts), expected, "the shares of {parts:?}");
    }
}

/// Shares add up to a hundred percent exactly, and none is a tenth of a percent away from the truth.
#[test]
fn shares_add_up_to_a_hundred_percent() {
    let mut random = support::seeded(0x1823);
    for _ in 0..2_000 {
        let largest = *random.pick(&[3, 10, 1_000, 1_000_000, 9_000_000_000_000]);
        let parts: Vec<i64> = (0..random.number(1..60))
            .map(|_| i64::try_from(random.number(0..largest)).expect("below 2^63"))
            .collect();
        let total: i128 = parts.iter().map(|&part| i128::from(part)).sum();
        if total == 0 {
            continue;
        }
        let shares: Vec<i64> = tenths(&parts);
        assert_eq!(shares.len(), parts.len(), "a share for each of {parts:?}");
        assert_eq!(
            shares.iter().sum::<i64>(),
            1_000,
            "the sum of {shares:?} of {parts:?}"
        );
        for (part, share) in parts.iter().zip(&shares) {
            let exact = i128::from(*part) * 1_000;
            let away = (exact - i128::from(*share) * total).abs();
            assert!(away < total, "the share {share} of {part} in {parts:?}");
        }
        for (one, other) in (0..parts.len()).zip(1..parts.len()) {
            if parts[one] > parts[other] {
                assert!(
                    shares[one] >= shares[other],
                    "more has no smaller share: {parts:?}, {shares:?}"
                );
            }
        }
    }
}

/// Amounts may be as large as an `i64`, and their sum larger.
#[test]
fn large_amounts_have_shares() {
    for (parts, expected) in [
        (vec![i64::MAX], vec![1_000]),
        (vec![i64::MAX, i64::MAX], vec![500, 500]),
        (vec![i64::MAX, i64::MAX, i64::MAX], vec![334, 333, 333]),
        (vec![i64::MAX / 4 * 3, i64::MAX / 4], vec![750, 250]),
        (vec![(1 << 53) + 1, 1 << 53], vec![500, 500]),
        // 333.5 twice, one of them a hair more: it gets what is left.
        (
            vec![
                333_500_000_000_000_000,
                333_500_000_000_000_001,
                332_999_999_999_999_999,
            ],
            vec![333, 334, 333],
        ),
    ] {
        assert_eq!(tenths(&parts), expected, "the shares of {parts:?}");
    }
}

/// Of nothing there are no shares, and none where a part is negative.
#[test]
fn some_sums_have_no_shares() {
    for parts in [
        vec![],
        vec![0],
        vec![0, 0, 0],
        vec![-1],
        vec![5, -1],
        vec![-1, 5],
        vec![1, -5, 1],
        vec![3, -3],
        vec![i64::MIN, i64::MAX],
    ] {
        let answer: Option<Vec<i64>> = shares(&parts);
        assert_eq!(answer, None, "the shares of {parts:?}");
    }
}
