use super::Ending;
use crate::course::Course;
use crate::error::Result;
pub fn run(_course: &Course, _stage: Option<&str>) -> Result<Ending> {
    Ok(Ending::Well)
}
