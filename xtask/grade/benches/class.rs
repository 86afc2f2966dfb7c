//! What it costs to grade a class, in seconds of processor time, beside what the same submissions cost without the grader.
//!
//! `cargo bench --profile dev -p grade` takes about ten minutes, and the figures are worth something only on a Linux
//! machine that does nothing else. The profile is the one in which `cargo xtask grade` builds the grader.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// How many submissions the class has.
const CLASS: usize = 30;

/// How many fresh clones are built; what they cost is then multiplied.
const CLONES: usize = 2;

const STAGE: &str = "08-frameworks";
const PACKAGE: &str = "frameworks";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let place = TempDir::new()?;
    let root = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))?;
    let class = Class::new(&root, &place.path().join("class"))?;

    let clone = clone(&root, &place.path().join("plain"))?;
    test(&clone)?;
    let mut plain = 0.0;
    for number in 0..CLASS {
        class.put_into(&clone, number)?;
        plain += test(&clone)?;
    }
    println!(
        "{plain:8.1} s  {CLASS} times `cargo test -p {PACKAGE} --test stage` in one warm tree"
    );

    let mut cold = 0.0;
    for number in 0..CLONES {
        let fresh = self::clone(&root, &place.path().join("fresh"))?;
        class.put_into(&fresh, number)?;
        cold += test(&fresh)?;
        fs::remove_dir_all(&fresh)?;
    }
    let each = cold / CLONES as f64;
    println!("{each:8.1} s  the same in a fresh clone with an empty target folder");

    let work = place.path().join("work");
    let first = class.grade(&root, &work)?;
    println!("{first:8.1} s  the first `grade`, with everything that it builds");
    let again = class.grade(&root, &work)?;
    println!("{again:8.1} s  `grade` again");
    fs::remove_dir_all(work.join("xtask/store"))?;
    let warm = class.grade(&root, &work)?;
    println!("{warm:8.1} s  `grade` with dependencies built and nothing remembered");

    println!("{:8.2} times the warm tree", warm / plain);
    println!(
        "{:8.1} times less than {CLASS} clones",
        each * CLASS as f64 / first
    );
    Ok(())
}

/// Submissions that differ in every exercise, all of them right.
struct Class {
    folder: PathBuf,
}

impl Class {
    fn new(root: &Path, folder: &Path) -> Result<Self> {
        let sources = root.join("solutions").join(STAGE).join("src");
        for number in 0..CLASS {
            let target = folder.join(format!("learner-{number:02}"));
            fs::create_dir_all(&target)?;
            for entry in fs::read_dir(&sources)? {
                let path = entry?.path();
                let Some(name) = path.file_name().filter(|_| path.is_file()) else {
                    continue;
                };
                let tests = root
                    .join("exercises")
                    .join(STAGE)
                    .join("tests/stage")
                    .join(name);
                if name == "main.rs" || !tests.exists() {
                    continue;
                }
                let text = fs::read_to_string(&path)?;
                let own = format!("\n#[allow(dead_code)]\nconst SUBMISSION: usize = {number};\n");
                fs::write(target.join(name), text + &own)?;
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    fn submissions(&self) -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(&self.folder)?;
        let mut found = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<Vec<PathBuf>>>()?;
        found.sort();
        Ok(found)
    }

    fn put_into(&self, clone: &Path, number: usize) -> Result<()> {
        let submissions = self.submissions()?;
        let submission = submissions
            .get(number)
            .ok_or("there is no such submission")?;
        let target = clone.join("exercises").join(STAGE).join("src");
        for entry in fs::read_dir(submission)? {
            let entry = entry?;
            // Written anew, as an editor does, and not copied with its old time.
            fs::write(target.join(entry.file_name()), fs::read(entry.path())?)?;
        }
        Ok(())
    }

    fn grade(&self, root: &Path, work: &Path) -> Result<f64> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
        command
            .args(["--stage", PACKAGE, "--format", "csv", "--work"])
            .arg(work)
            .args(self.submissions()?)
            .current_dir(root);
        let (cost, output) = measured(&mut command)?;
        match output.status.code() {
            Some(0) => Ok(cost),
            _ => Err(String::from_utf8_lossy(&output.stderr).into()),
        }
    }
}

fn clone(root: &Path, target: &Path) -> Result<PathBuf> {
    let mut git = Command::new("git");
    git.args(["clone", "--quiet"]).arg(root).arg(target);
    if git.status()?.success() {
        Ok(target.to_owned())
    } else {
        Err("git does not clone the course".into())
    }
}

/// What one run of the stage's tests costs. The starters' tests fail, which costs as well.
fn test(clone: &Path) -> Result<f64> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["test", "--quiet", "--package", PACKAGE, "--test", "stage"])
        .current_dir(clone)
        .env_remove("CARGO_TARGET_DIR");
    Ok(measured(&mut cargo)?.0)
}

/// Runs a command, and answers the processor time of it and of all that it started and waited for.
fn measured(command: &mut Command) -> Result<(f64, Output)> {
    let before = children()?;
    let output = command.output()?;
    Ok((children()? - before, output))
}

/// Seconds of the processes that this one has waited for: the 16th and 17th field of proc(5)'s `stat`, in hundredths.
fn children() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("stat has another form")?;
    let mut times = fields.split_whitespace().skip(13);
    let mut next = || -> Result<f64> { Ok(times.next().ok_or("stat is short")?.parse()?) };
    Ok((next()? + next()?) / 100.0)
}
