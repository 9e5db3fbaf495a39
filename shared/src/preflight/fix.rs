//! What to change where a secret cannot be used, or an API cannot be reached.

use crate::{http::Unreachable, secret::SecretError};

/// Where a function's secret and the right to read it are set.
#[derive(Debug, Clone, Copy)]
pub struct SecretPlace {
    /// The stack's parameter with its ARN.
    pub parameter: &'static str,
    /// The stack's output with the ARN of the function's role.
    pub role: &'static str,
}

/// What to change where a secret cannot be used.
#[must_use]
pub fn secret(error: &SecretError, place: SecretPlace) -> String {
    let SecretPlace { parameter, role } = place;
    let (code, is_transient) = match error {
        SecretError::Unusable { .. } => {
            return format!(
                "correct the value of the secret ({parameter}) in Secrets Manager; docs/deployment.md has the \
                 command and the format"
            );
        }
        SecretError::Unreadable {
            code, is_transient, ..
        } => (code.as_deref(), *is_transient),
    };
    match code {
        Some("ResourceNotFoundException") => format!(
            "create the secret, or correct {parameter}: it is the whole ARN of a secret that has a value, in the \
             function's region"
        ),
        Some("AccessDeniedException") => format!(
            "allow the role in the output {role} to read the secret: secretsmanager:GetSecretValue on {parameter}, \
             which the stack grants unless a permissions boundary or the secret's own policy denies it; and \
             kms:Decrypt on the secret's KMS key, if it has its own (KmsKeyArn, or the key's policy)"
        ),
        Some("DecryptionFailure") => format!(
            "allow the role in the output {role} kms:Decrypt on the secret's KMS key, and check that the key is \
             enabled"
        ),
        Some("InvalidRequestException") => {
            format!("restore the secret ({parameter}) if it is scheduled for deletion, or give it a value")
        }
        Some(_) if is_transient => "run the check again: Secrets Manager has a problem of its own".to_owned(),
        Some(_) => format!("correct {parameter}: it is the whole ARN of the secret"),
        None => {
            "let the function reach Secrets Manager: in a VPC (SubnetIds) it needs a NAT gateway or a VPC \
                 endpoint, and a security group that lets it out"
                .to_owned()
        }
    }
}

/// What to change where the API at the URL in `parameter` cannot be reached.
#[must_use]
pub fn unreachable(reason: Unreachable, parameter: &str) -> String {
    match reason {
        Unreachable::TimedOut => format!(
            "check the URL in {parameter}: something accepts the connection but does not answer in time; if the URL \
             is right, ask the API's operator"
        ),
        Unreachable::ConnectTimedOut => format!(
            "check host and port in {parameter}, and the way to them: in a VPC (SubnetIds) a NAT gateway and a \
             security group that lets the function out, and at the API a firewall that lets it in"
        ),
        Unreachable::Refused => {
            format!("correct host and port in {parameter}, or let the API's operator start the service")
        }
        Unreachable::NameNotResolved => format!(
            "correct the host name in {parameter}; a name that only a private network knows needs a VPC that \
             resolves it (SubnetIds)"
        ),
        Unreachable::CertificateNotTrusted => format!(
            "let the operator of the API in {parameter} install a certificate of a public authority, together with \
             its intermediate certificates; a self-signed one, or one of a private authority, is not accepted"
        ),
        Unreachable::CertificateForOtherHost => {
            format!("use the host name that the certificate is for in {parameter}")
        }
        Unreachable::CertificateExpired => {
            format!("let the operator of the API in {parameter} renew its certificate")
        }
        Unreachable::TlsFailed => format!(
            "check that host and port in {parameter} serve https with TLS 1.2 or later; a client certificate cannot \
             be sent"
        ),
        Unreachable::NotConnected => format!("check host and port in {parameter}, and firewalls on the way"),
        Unreachable::NotHttp => {
            format!("correct the port in {parameter}: another protocol than HTTP answers there")
        }
        Unreachable::HeadTooLong => {
            format!("let the operator of the API in {parameter} send fewer or shorter headers")
        }
        Unreachable::NotDecodable | Unreachable::Interrupted => format!(
            "run the check again; if it stays, ask the operator of the API in {parameter} what ends the connection"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: SecretPlace = SecretPlace {
        parameter: "SourceSecretArn",
        role: "FetchCustomersRoleArn",
    };

    fn unreadable(code: Option<&str>, is_transient: bool) -> String {
        let error = SecretError::Unreadable {
            arn: "arn:aws:x".to_owned(),
            reason: "the text is not read".to_owned(),
            code: code.map(str::to_owned),
            is_transient,
        };
        secret(&error, PLACE)
    }

    #[test]
    fn each_error_of_secrets_manager_has_its_fix() {
        for (code, is_transient, fix) in [
            (Some("ResourceNotFoundException"), false, "create the secret"),
            (
                Some("AccessDeniedException"),
                false,
                "secretsmanager:GetSecretValue",
            ),
            (Some("DecryptionFailure"), false, "kms:Decrypt"),
            (Some("InvalidRequestException"), false, "scheduled for deletion"),
            (Some("ValidationException"), false, "the whole ARN"),
            (Some("InternalServiceError"), true, "run the check again"),
            (None, true, "NAT gateway"),
        ] {
            let text = unreadable(code, is_transient);
            assert!(text.contains(fix), "{code:?}: {text}");
        }
    }

    #[test]
    fn each_way_to_be_unreachable_has_its_fix() {
        for (reason, fix) in [
            (Unreachable::TimedOut, "does not answer in time"),
            (Unreachable::ConnectTimedOut, "security group"),
            (Unreachable::Refused, "host and port"),
            (Unreachable::NameNotResolved, "host name"),
            (Unreachable::CertificateNotTrusted, "public authority"),
            (Unreachable::CertificateForOtherHost, "the certificate is for"),
            (Unreachable::CertificateExpired, "renew"),
            (Unreachable::TlsFailed, "TLS 1.2"),
            (Unreachable::NotConnected, "firewalls"),
            (Unreachable::NotHttp, "another protocol"),
            (Unreachable::HeadTooLong, "shorter headers"),
            (Unreachable::NotDecodable, "run the check again"),
            (Unreachable::Interrupted, "run the check again"),
        ] {
            let text = unreachable(reason, "TokenUrl");
            assert!(
                text.contains(fix) && text.contains("TokenUrl"),
                "{reason:?}: {text}"
            );
        }
    }
}
