//! Workers that are killed between two awaits.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// How an invocation ended.
pub(super) enum Ended<T> {
    Answered(T),
    Killed,
}

/// A future that is dropped after `polls_left` polls, wherever it is then.
pub(super) struct Killable<F> {
    pub(super) future: F,
    pub(super) polls_left: Option<u32>,
}

impl<F: Future + Unpin> Future for Killable<F> {
    type Output = Ended<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(left) = &mut self.polls_left {
            if *left == 0 {
                return Poll::Ready(Ended::Killed);
            }
            *left -= 1;
        }
        Pin::new(&mut self.future).poll(context).map(Ended::Answered)
    }
}
