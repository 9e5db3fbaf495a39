//! Deploys a template with the SAM CLI, as to AWS.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use serde::Deserialize;
use tokio::process::Command;

use crate::error::{Error, tail};
use crate::ministack::REGION;
use crate::paths::Paths;

/// The outputs of a stack, by key.
pub type Outputs = BTreeMap<String, String>;

/// The SAM CLI, for a local AWS.
pub(crate) struct Sam<'a> {
    pub(crate) paths: &'a Paths,
    pub(crate) endpoint: &'a str,
}

impl Sam<'_> {
    /// Creates the stack, or updates it.
    pub(crate) async fn deploy(
        &self,
        stack: &str,
        template: &Path,
        parameters: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let config = self.paths.sam_config();
        let text = format!("version = 0.1\n\n[default.global.parameters]\nstack_name = \"{stack}\"\n");
        std::fs::write(&config, text).map_err(Error::io(format!("write {}", config.display())))?;
        // In quotes: a value may be empty, or hold blanks.
        let overrides = parameters
            .iter()
            .map(|(name, value)| format!("{name}=\"{value}\""));
        let mut command = self.command();
        command
            .args([
                "deploy",
                "--resolve-s3",
                "--no-confirm-changeset",
                "--no-progressbar",
            ])
            .args(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
            .arg("--config-file")
            .arg(config)
            .arg("--template-file")
            .arg(template)
            .arg("--parameter-overrides")
            .args(overrides)
            // By default it polls the events of the stack every 5 seconds.
            .env("SAM_CLI_POLL_DELAY", "0.25");
        self.run("deploy", command).await?;
        Ok(())
    }

    pub(crate) async fn outputs(&self, stack: &str) -> Result<Outputs, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Output {
            output_key: String,
            output_value: String,
        }
        let mut command = self.command();
        command.args(["list", "stack-outputs", "--stack-name", stack, "--output", "json"]);
        let printed = self.run("list stack-outputs", command).await?;
        let outputs: Vec<Output> = serde_json::from_str(&printed).map_err(|_| Error::Sam {
            command: "list stack-outputs".to_owned(),
            tail: tail(&printed),
        })?;
        Ok(outputs
            .into_iter()
            .map(|output| (output.output_key, output.output_value))
            .collect())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.paths.sam());
        command
            .current_dir(&self.paths.work)
            .env_clear()
            .env("PATH", self.paths.search_path())
            .env("HOME", self.paths.home())
            .env("TMPDIR", self.paths.temp())
            .env("AWS_ENDPOINT_URL", self.endpoint)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("SAM_CLI_TELEMETRY", "0")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    async fn run(&self, name: &str, mut command: Command) -> Result<String, Error> {
        let ended = command
            .output()
            .await
            .map_err(Error::io(format!("start {}", self.paths.sam().display())))?;
        let printed = String::from_utf8_lossy(&ended.stdout).into_owned();
        if ended.status.success() {
            return Ok(printed);
        }
        let said = format!("{printed}\n{}", String::from_utf8_lossy(&ended.stderr));
        Err(Error::Sam {
            command: name.to_owned(),
            tail: tail(&said),
        })
    }
}
