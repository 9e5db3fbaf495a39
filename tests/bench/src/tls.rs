//! A certificate authority of the bench's own, and a server's certificate of it.

use std::{
    error::Error,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// Where a Linux keeps its root certificates in one file: Debian's way, and Amazon Linux's.
const SYSTEM_BUNDLES: [&str; 2] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

/// What https on loopback needs.
pub(crate) struct Tls {
    /// Shakes hands in the name of 127.0.0.1.
    pub(crate) acceptor: TlsAcceptor,
    folder: TempDir,
}

impl Tls {
    /// Makes an authority, signs a certificate, and writes down whom to trust.
    ///
    /// # Errors
    /// No certificate could be made, or no file written.
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        // OpenSSL takes a certificate with its issuer's name for self-signed.
        params
            .distinguished_name
            .push(DnType::CommonName, "bench authority");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate =
            CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &authority)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];

        let folder = tempfile::tempdir()?;
        let own = authority.pem();
        let system = SYSTEM_BUNDLES
            .iter()
            .find_map(|path| std::fs::read_to_string(path).ok());
        std::fs::write(folder.path().join(OWN), &own)?;
        std::fs::write(folder.path().join(ALL), system.unwrap_or_default() + &own)?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            folder,
        })
    }

    /// What makes a process trust it, whatever it is written in. Who reads the system's bundle elsewhere reads it
    /// here as well, with one more authority at its end: to parse some hundred certificates is part of a cold start.
    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 4] {
        let (own, all) = (self.folder.path().join(OWN), self.folder.path().join(ALL));
        [
            // rustls, and Python's own client.
            ("SSL_CERT_FILE", all.clone()),
            // Python's requests, which has a bundle of its own otherwise.
            ("REQUESTS_CA_BUNDLE", all.clone()),
            // Python's AWS SDK, likewise.
            ("AWS_CA_BUNDLE", all),
            // Node.js has the system's compiled in.
            ("NODE_EXTRA_CA_CERTS", own),
        ]
    }

    /// An empty folder that lives as long as this.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

const OWN: &str = "own.pem";
const ALL: &str = "all.pem";
