//! Why a remote API gave no answer, as far as an operator would act differently.

use std::{error::Error, io, iter::successors};

use rustls::CertificateError;

/// No answer, or not a whole one. The request may have been carried out all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// The connection was there.
    #[error("no answer in time")]
    TimedOut,
    #[error(
        "no connection in time: is the address right, and is there a route to it (security group, NAT, \
         firewall)?"
    )]
    ConnectTimedOut,
    #[error("the connection was refused: is the port right, and is the service running?")]
    Refused,
    #[error("its host name could not be resolved (DNS)")]
    NameNotResolved,
    #[error("TLS: its certificate is not from an authority that this system trusts")]
    CertificateNotTrusted,
    #[error("TLS: its certificate is for another host name")]
    CertificateForOtherHost,
    #[error("TLS: its certificate has expired, or is not valid yet")]
    CertificateExpired,
    /// Any other failure of the handshake: a server without TLS, no common version, a client certificate demanded.
    #[error("TLS: the handshake failed")]
    TlsFailed,
    /// Any other failure before the request was sent.
    #[error("no connection")]
    NotConnected,
    #[error("its answer is not HTTP")]
    NotHttp,
    #[error("the head of its answer is too long: more than 100 header lines, or more than 400 KiB")]
    HeadTooLong,
    /// What a decoder cannot read: a compressed answer may have been cut before it was sent.
    #[error("it broke off, or its compression is broken")]
    NotDecodable,
    #[error("the connection broke")]
    Interrupted,
}

impl Unreachable {
    /// The field `error_code` in the log.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::ConnectTimedOut => "connect_timed_out",
            Self::Refused => "connection_refused",
            Self::NameNotResolved => "dns",
            Self::CertificateNotTrusted => "certificate_not_trusted",
            Self::CertificateForOtherHost => "certificate_for_other_host",
            Self::CertificateExpired => "certificate_expired",
            Self::TlsFailed => "tls_failed",
            Self::NotConnected => "not_connected",
            Self::NotHttp => "not_http",
            Self::HeadTooLong => "head_too_long",
            Self::NotDecodable => "not_decodable",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The error itself is dropped: it may hold the URL, whose query may be sensitive.
impl From<&reqwest::Error> for Unreachable {
    fn from(error: &reqwest::Error) -> Self {
        if let Some(error) = causes(error).find_map(tls_error) {
            return from_tls(error);
        }
        let is_any =
            |is: fn(&hyper::Error) -> bool| causes(error).any(|error| error.downcast_ref().is_some_and(is));
        let refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
        if error.is_dns() {
            Self::NameNotResolved
        } else if error.is_connect() && error.is_timeout() {
            Self::ConnectTimedOut
        } else if causes(error).any(|error| error.downcast_ref().is_some_and(refused)) {
            Self::Refused
        } else if error.is_connect() {
            Self::NotConnected
        } else if error.is_timeout() {
            Self::TimedOut
        } else if is_any(is_head_too_long) {
            Self::HeadTooLong
        } else if is_any(hyper::Error::is_parse) {
            Self::NotHttp
        } else if error.is_decode() && !causes(error).any(<dyn Error>::is::<hyper::Error>) {
            // Of an answer that broke off on the way, the cause is an error of the connection.
            Self::NotDecodable
        } else {
            Self::Interrupted
        }
    }
}

/// hyper has a method for this, but only with its server.
fn is_head_too_long(error: &hyper::Error) -> bool {
    error.is_parse() && error.to_string() == "message head is too large"
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |&error| error.source())
}

/// tokio-rustls and hyper-rustls each wrap it in an [`io::Error`], whose `source` is that of the wrapped error, and not
/// the wrapped error.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    error.downcast_ref().or_else(|| {
        let wrapped = error.downcast_ref::<io::Error>()?.get_ref()?;
        tls_error(wrapped)
    })
}

fn from_tls(error: &rustls::Error) -> Unreachable {
    let rustls::Error::InvalidCertificate(error) = error else {
        return Unreachable::TlsFailed;
    };
    if matches!(
        error,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
    ) {
        Unreachable::CertificateForOtherHost
    } else if matches!(
        error,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
    ) {
        Unreachable::CertificateExpired
    } else {
        // An unknown issuer, above all; a self-signed certificate; a bad signature.
        Unreachable::CertificateNotTrusted
    }
}
