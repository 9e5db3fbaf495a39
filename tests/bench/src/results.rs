//! The results of one measurement, and their file.

use std::{collections::BTreeMap, error::Error, fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    competitor::{Competitor, Job, binary},
    machine::Machine,
    sample::{Figure, Sample, Spread},
    scenario::Scenario,
};

#[derive(Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    /// Sizes of the deployed binaries in bytes, by the function's name.
    pub(crate) binaries: BTreeMap<String, u64>,
    pub(crate) measured: Vec<Measured>,
}

/// The runs of one competitor in one scenario.
#[derive(Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) scenario: Scenario,
    pub(crate) competitor: Competitor,
    pub(crate) samples: Vec<Sample>,
    /// Statistics of the samples, for readers of the file.
    pub(crate) figures: BTreeMap<Figure, Spread>,
}

impl Measured {
    pub(crate) fn new(scenario: Scenario, competitor: Competitor, samples: Vec<Sample>) -> Self {
        let figures = scenario.figures().iter().filter_map(|figure| {
            let values = samples.iter().map(|sample| sample.figure(*figure));
            Some((*figure, Spread::of(values)?))
        });
        Self {
            scenario,
            competitor,
            figures: figures.collect(),
            samples,
        }
    }
}

impl Results {
    /// Results with the binaries' sizes only.
    ///
    /// # Errors
    /// A function was not built.
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let size =
            |name: &str, job| Ok::<_, std::io::Error>((name.to_owned(), fs::metadata(binary(job))?.len()));
        Ok(Self {
            machine: Machine::this(),
            binaries: BTreeMap::from([
                size("fetch-customers", Job::Fetch)?,
                size("submit-orders", Job::Submit)?,
            ]),
            measured: Vec::new(),
        })
    }

    /// One figure of one competitor in one scenario.
    pub(crate) fn figure(
        &self,
        scenario: Scenario,
        competitor: Competitor,
        figure: Figure,
    ) -> Option<Spread> {
        let mut measured = self.measured.iter();
        let found = measured.find(|of| of.scenario == scenario && of.competitor == competitor);
        found?.figures.get(&figure).copied()
    }

    /// Reads the file of an earlier measurement.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub(crate) fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}; `make bench` writes it", path.display()))?;
        Ok(serde_json::from_str(&text)?)
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(path, serde_json::to_string_pretty(self)?)?)
    }
}
