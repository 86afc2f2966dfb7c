//! The marks that git leaves in a file when two versions of it were changed in the same place.

/// The line, from 1, on which the marks of a conflict begin. All three marks have to be there, in their order, each at
/// the beginning of a line.
pub fn conflict_line(text: &str) -> Option<usize> {
    let mut lines = text.lines().enumerate();
    let mut after = |mark: &str| {
        lines
            .find(|(_, line)| line.starts_with(mark))
            .map(|(index, _)| index + 1)
    };
    let first = after("<<<<<<< ")?;
    after("=======")?;
    after(">>>>>>> ")?;
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::conflict_line;

    #[test]
    fn only_the_three_marks_in_their_order_are_a_conflict() {
        let conflict = "a\n<<<<<<< HEAD\nmine\n=======\ntheirs\n>>>>>>> origin/main\n";
        assert_eq!(conflict_line(conflict), Some(2));
        assert_eq!(conflict_line("a\n=======\nb\n"), None);
        assert_eq!(conflict_line("<<<<<<< HEAD\n>>>>>>> main\n=======\n"), None);
        assert_eq!(
            conflict_line("let a = 1 <<<<<<< 2;\n=======\n>>>>>>> b\n"),
            None
        );
    }
}
