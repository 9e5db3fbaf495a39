//! Several runs of each scenario, the competitors by turns.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use crate::{
    competitor::{Competitor, Job},
    conformity,
    results::{Measured, Results},
    sample::Sample,
    scenario::{Scenario, Scope},
    tls::Tls,
};

/// After so much time spent on one competitor in one scenario, no further run begins: the slow ones would take hours.
const TIME_LIMIT: Duration = Duration::from_secs(120);

pub(crate) struct Plan {
    pub(crate) scope: Scope,
    /// Only scenarios whose name contains this.
    pub(crate) only: String,
    /// Includes the competitors in other languages.
    pub(crate) peers: bool,
}

impl Plan {
    fn scenarios(&self) -> impl Iterator<Item = Scenario> {
        let asked = |scenario: &Scenario| scenario.to_string().contains(&self.only);
        Scenario::all(self.scope).into_iter().filter(asked)
    }

    fn competitors(&self, scenario: Scenario) -> impl Iterator<Item = Competitor> {
        let asked = move |competitor: &Competitor| self.peers || !competitor.is_peer();
        scenario.competitors().iter().copied().filter(asked)
    }

    /// Checks that every competitor does the job, then measures.
    ///
    /// # Errors
    /// A competitor failed, or did not do the job: there are no figures then.
    pub(crate) async fn run(&self, tls: &Tls) -> Result<Results, Box<dyn Error>> {
        let mut results = Results::new()?;
        println!("{}", results.machine);
        for (competitor, job) in self.checked() {
            let checked = conformity::check(competitor, job, tls).await;
            checked.map_err(|error| format!("{competitor} does not do its job ({job:?}): {error}"))?;
            println!("checked: {competitor} ({job:?})");
        }
        for scenario in self.scenarios() {
            let began = Instant::now();
            let competitors: Vec<_> = self.competitors(scenario).collect();
            results
                .measured
                .extend(self.measure(scenario, &competitors, tls).await?);
            println!("measured: {scenario} ({:.0} s)", began.elapsed().as_secs_f64());
        }
        Ok(results)
    }

    /// Competitors that must pass the conformity check. The floors do not: they do not validate their input.
    fn checked(&self) -> Vec<(Competitor, Job)> {
        let jobs = self.scenarios().flat_map(|scenario| {
            let whole = |competitor: &Competitor| *competitor == Competitor::Ours || competitor.is_peer();
            let competitors = self.competitors(scenario).filter(whole);
            competitors.map(move |competitor| (competitor, scenario.job()))
        });
        let mut once = Vec::new();
        for job in jobs {
            if !once.contains(&job) {
                once.push(job);
            }
        }
        once
    }

    /// Measures all competitors in one scenario, by turns, so that disturbances of the machine affect all of them.
    async fn measure(
        &self,
        scenario: Scenario,
        competitors: &[Competitor],
        tls: &Tls,
    ) -> Result<Vec<Measured>, Box<dyn Error>> {
        let mut all: Vec<(Vec<Sample>, Duration)> = vec![Default::default(); competitors.len()];
        for run in 0..scenario.runs(self.scope) {
            for turn in 0..competitors.len() {
                let at = (run + turn) % competitors.len();
                let (Some(competitor), Some((samples, spent))) = (competitors.get(at), all.get_mut(at))
                else {
                    continue;
                };
                if *spent > TIME_LIMIT {
                    continue;
                }
                let began = Instant::now();
                let sample = scenario.measure(*competitor, self.scope, tls).await;
                samples.push(sample.map_err(|error| format!("{scenario}: {competitor}: {error}"))?);
                *spent += began.elapsed();
            }
        }
        let sampled = competitors.iter().zip(all);
        Ok(sampled
            .map(|(competitor, (samples, _))| Measured::new(scenario, *competitor, samples))
            .collect())
    }
}
