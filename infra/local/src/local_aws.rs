//! The two APIs and a local AWS, before anything is deployed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sandbox::Sandbox;

use crate::error::Error;
use crate::ministack::{MiniStack, free_port};
use crate::paths::Paths;
use crate::recorder::Recorder;
use crate::template;

/// Dropping it stops everything.
pub struct LocalAws {
    /// The two APIs and the token endpoint.
    pub sandbox: Sandbox,
    /// Every AWS call of the functions.
    pub recorder: Recorder,
    pub paths: Paths,
    pub(crate) ministack: MiniStack,
}

/// A template that can be deployed locally.
#[derive(Debug)]
pub struct LocalTemplate {
    pub path: PathBuf,
    /// How it differs from the built one, one line each.
    pub notes: Vec<String>,
}

impl LocalAws {
    /// # Errors
    /// Something could not be started. What was started is stopped.
    pub async fn start(paths: Paths, sandbox: sandbox::Settings) -> Result<Self, Error> {
        let sandbox = Sandbox::start(sandbox)
            .await
            .map_err(Error::io("start the sandbox"))?;
        let port = free_port()?;
        let recorder = Recorder::start(format!("http://127.0.0.1:{port}")).await?;
        let ministack = MiniStack::start(&paths, port, recorder.url()).await?;
        Ok(Self {
            sandbox,
            recorder,
            paths,
            ministack,
        })
    }

    /// Its URL, for calls that are not recorded.
    pub fn url(&self) -> &str {
        self.ministack.url()
    }

    /// Writes the built template without what the local AWS does not support, for a deployment with these parameters.
    ///
    /// # Errors
    /// The built template cannot be read, or the other one not be written.
    pub fn template(&self, parameters: &BTreeMap<String, String>) -> Result<LocalTemplate, Error> {
        let path = self.paths.work.join("template.json");
        template::adapt(&self.paths.built_template, path, parameters)
    }
}
