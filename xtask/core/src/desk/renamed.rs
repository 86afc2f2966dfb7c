//! Exercises that an earlier version of the course called otherwise: what is remembered of them, and the files that
//! were written for them.

use super::Desk;
use crate::course::Item;
use crate::error::Error;
use crate::progress::Change;

/// An exercise that has another name now, or was split into several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// The id that it had.
    pub was: String,
    /// The ids of what came of it.
    pub now: Vec<String>,
    /// The learner had passed it, or seen hints of it, and that counts for what came of it.
    pub carried: bool,
    /// The file that the learner wrote for it, if it is still there, as it is shown. It has no part in any verdict.
    pub left: Option<String>,
    /// The files of what came of it, as they are shown.
    pub files: Vec<String>,
}

impl Desk<'_> {
    /// Carries over what is remembered under earlier names, and names what came of them: once, because from then on
    /// something is remembered under the new name. The error says that it could not be remembered.
    pub fn take_over(&self) -> (Vec<Renamed>, Option<Error>) {
        let remembered = self.progress.read();
        let mut changes = Vec::new();
        let mut found: Vec<Renamed> = Vec::new();
        for item in self.course.exercises() {
            let id = item.id();
            if remembered.knows(&id) {
                continue;
            }
            for was in item.earlier_ids() {
                let carried = remembered.knows(&was);
                let left = self.left_of(&item, &was);
                if !carried && left.is_none() {
                    continue;
                }
                changes.push(Change::Renamed {
                    was: was.clone(),
                    now: id.clone(),
                });
                let file = item.stage.shown(&item.source());
                match found.iter_mut().find(|one| one.was == was) {
                    Some(one) => {
                        one.now.push(id.clone());
                        one.files.push(file);
                    }
                    None => found.push(Renamed {
                        was,
                        now: vec![id.clone()],
                        carried,
                        left,
                        files: vec![file],
                    }),
                }
            }
        }
        (found, self.progress.change(&changes).err())
    }

    /// The file of an exercise that is no more.
    fn left_of(&self, item: &Item<'_>, was: &str) -> Option<String> {
        let (stage, name) = was.split_once('/')?;
        let mut stages = self.course.stages.iter();
        let stage = stages.find(|one| one.id == stage).unwrap_or(item.stage);
        if stage.exercise(name).is_some() {
            return None;
        }
        let place = stage.folder().join("src").join(format!("{name}.rs"));
        place.is_file().then(|| stage.shown(&place))
    }
}
