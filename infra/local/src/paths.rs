//! The files on this machine.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::Error;

/// The files that a local stack is made of.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The root of the workspace.
    pub root: PathBuf,
    /// The executables of the Python tools.
    pub tools: PathBuf,
    /// The template beside what was built: the release for this machine, unless `BUILT_TEMPLATE` names another.
    pub built_template: PathBuf,
    /// State, logs and caches of the processes. It may be deleted afterwards.
    pub work: PathBuf,
}

impl Paths {
    /// The paths of this workspace, as in its Makefile.
    ///
    /// # Errors
    /// Tools or artifacts do not exist, the artifacts are older than the code, or the work folder cannot be created.
    pub fn of_this_workspace(work: PathBuf) -> Result<Self, Error> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = root.ancestors().nth(2).unwrap_or(root).to_owned();
        let paths = Self {
            tools: root.join(".tools/venv/bin"),
            built_template: root.join(shared::config::environment("BUILT_TEMPLATE").unwrap_or_else(|| {
                let build = if cfg!(target_os = "macos") {
                    "darwin"
                } else {
                    architecture()
                };
                format!(".aws-sam/{build}/template.yaml")
            })),
            root,
            work,
        };
        paths.check_exists(&paths.ministack(), "`make tools` installs it")?;
        paths.check_exists(&paths.sam(), "`make tools` installs it")?;
        paths.check_exists(&paths.built_template, "`make build-local` builds it")?;
        paths.check_fresh()?;
        for folder in [&paths.work, &paths.home(), &paths.temp()] {
            std::fs::create_dir_all(folder)
                .map_err(Error::io(format!("create the folder {}", folder.display())))?;
        }
        Ok(paths)
    }

    fn check_exists(&self, path: &Path, remedy: &'static str) -> Result<(), Error> {
        if path.exists() {
            Ok(())
        } else {
            Err(Error::Missing {
                path: path.to_owned(),
                remedy,
            })
        }
    }

    /// A run of older artifacts would mislead: they must not be older than the code.
    fn check_fresh(&self) -> Result<(), Error> {
        let built = modified(&self.built_template);
        let mut left = ["template.yaml", "infra/monitoring.yaml", "functions", "shared"]
            .map(|name| self.root.join(name))
            .to_vec();
        while let Some(path) = left.pop() {
            if let Ok(entries) = path.read_dir() {
                left.extend(entries.flatten().map(|entry| entry.path()));
            } else if modified(&path) > built {
                return Err(Error::Stale { changed: path });
            }
        }
        Ok(())
    }

    pub fn ministack(&self) -> PathBuf {
        self.tools.join("ministack")
    }

    pub fn sam(&self) -> PathBuf {
        self.tools.join("sam")
    }

    /// The home folder of the processes: the user's settings must not change a local run.
    pub fn home(&self) -> PathBuf {
        self.work.join("home")
    }

    /// The folder for temporary files of the processes.
    pub fn temp(&self) -> PathBuf {
        self.work.join("tmp")
    }

    /// MiniStack's log, which holds what the functions print.
    pub fn log(&self) -> PathBuf {
        self.work.join("ministack.log")
    }

    /// The file that names the stack, for `sam` and for `infra/invoke.sh`. The project's own is for a real account.
    pub fn sam_config(&self) -> PathBuf {
        self.work.join("samconfig.toml")
    }

    /// The search path of the processes: the tools first.
    pub(crate) fn search_path(&self) -> String {
        let inherited = shared::config::environment("PATH").unwrap_or_default();
        format!("{}:{inherited}", self.tools.display())
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}

/// This machine's processor, as CloudFormation calls it.
pub fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    }
}
